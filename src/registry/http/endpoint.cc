#include "registry/http/endpoint.h"

#include <utility>

#include "absl/time/time.h"
#include "tagdrift/image/digest.h"

namespace tagdrift::registry {
namespace {

constexpr absl::Duration kContainerdDial = absl::Seconds(30);

std::string Identity(const hosts::RegistryHost& host) {
  if (host.ca.empty() && host.clients.empty()) return {};
  std::string identity;
  for (const hosts::PemFile& file : host.ca) identity += file.bytes + "\n";
  if (!host.clients.empty()) {
    identity += '\0' + host.clients.front().certificate.bytes + '\0' + host.clients.front().key.bytes;
  }
  return image::Digest::OfBytes(identity).text();
}

}  // namespace

Endpoint EndpointOf(const Url& url, const hosts::RegistryHost& host, Way way, bool must_verify, Detour detour) {
  const bool tls = url.scheme == "https";
  const bool tls_proxy = way.proxy.starts_with("https://");
  const absl::Duration dial = host.dial_timeout.value_or(kContainerdDial);
  return {.scheme = url.scheme,
          .host = url.host,
          .port = url.port,
          .proxy = std::move(way.proxy),
          .trust = tls || tls_proxy ? std::move(way.trust) : std::string(),
          .identity = tls ? Identity(host) : std::string(),
          .skip_verify = tls && host.SkipsVerification() && !must_verify,
          .dial_milliseconds = absl::ToInt64Milliseconds(dial > absl::ZeroDuration() ? dial : kContainerdDial),
          .detour = std::move(detour)};
}

}  // namespace tagdrift::registry
