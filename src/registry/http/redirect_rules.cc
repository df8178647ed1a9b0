#include "registry/http/redirect_rules.h"

#include <algorithm>
#include <array>

#include "registry/http/address.h"
#include "tagdrift/text/text.h"

namespace tagdrift::registry {
namespace {

constexpr std::array<std::string_view, 9> kSecretWords = {"auth",     "cookie", "token", "secret", "key",
                                                          "password", "api",    "cred",  "session"};

bool LooksSecret(const std::string& name) {
  const std::string lower = text::Lower(name);
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [&lower](std::string_view word) { return lower.find(word) != std::string::npos; });
}

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

std::vector<std::pair<std::string, std::string>> HeadersForOtherOrigin(
    const std::vector<std::pair<std::string, std::string>>& headers) {
  std::vector<std::pair<std::string, std::string>> out;
  std::copy_if(headers.begin(), headers.end(), std::back_inserter(out),
               [](const auto& header) { return !LooksSecret(header.first); });
  return out;
}

}  // namespace tagdrift::registry
