#include "registry/http/redirect_rules.h"

#include <algorithm>
#include <array>

#include "registry/http/address.h"
#include "tagdrift/text/text.h"

namespace tagdrift::registry {
namespace {

constexpr std::array<std::string_view, 4> kBoundToHost = {"authorization", "www-authenticate", "cookie", "cookie2"};

}  // namespace

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::optional<std::string> WhyRedirectRefused(const Url& from, const Url& to, bool through_proxy) {
  if (from.scheme == "https" && to.scheme == "http") return "redirected from https to http at " + to.host;
  if (through_proxy || from.host == to.host) return std::nullopt;
  switch (KindOfAddress(to.host)) {
    case AddressKind::kName:
    case AddressKind::kPrivate:
    case AddressKind::kPublic:
      return std::nullopt;
    case AddressKind::kLoopback:
    case AddressKind::kAny:
      if (KindOfAddress(from.host) == AddressKind::kLoopback) return std::nullopt;
      [[fallthrough]];
    case AddressKind::kLinkLocal:
      return "redirected to the internal address " + to.host;
  }
  return std::nullopt;
}

bool GoSendsAlong(std::string_view name, const Url& from, const Url& to) {
  const bool bound = std::find(kBoundToHost.begin(), kBoundToHost.end(), text::Lower(name)) != kBoundToHost.end();
  return !bound || to.host == from.host || to.host.ends_with("." + from.host);
}

}  // namespace tagdrift::registry
