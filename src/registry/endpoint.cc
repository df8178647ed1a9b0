#include "registry/endpoint.h"

#include <algorithm>

#include "absl/time/time.h"

namespace tagdrift::registry {
namespace {

constexpr absl::Duration kContainerdDial = absl::Seconds(30);

std::string Identity(const hosts::RegistryHost& host) {
  std::string identity;
  for (const hosts::PemFile& file : host.ca) identity += file.bytes + "\n";
  if (!host.clients.empty()) {
    identity += '\0' + host.clients.front().certificate.bytes + '\0' + host.clients.front().key.bytes;
  }
  return identity;
}

}  // namespace

Endpoint EndpointOf(const Url& url, const hosts::RegistryHost& host, const std::string& proxy, bool must_verify) {
  const bool tls = url.scheme == "https";
  const absl::Duration dial = host.dial_timeout.value_or(kContainerdDial);
  return {.scheme = url.scheme,
          .host = url.host,
          .port = url.port,
          .proxy = proxy,
          .identity = tls ? Identity(host) : std::string(),
          .skip_verify = tls && host.SkipsVerification() && !must_verify,
          .dial_milliseconds = absl::ToInt64Milliseconds(dial > absl::ZeroDuration() ? dial : kContainerdDial)};
}

}  // namespace tagdrift::registry
