#include "hosts/directory/default_host.h"

#include <arpa/inet.h>

#include <string>

#include "hosts/go/host_url.h"

namespace tagdrift::hosts {
namespace {

bool IsLoopbackAddress(const std::string& text) {
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

/// Where https is tried first, a local registry is entered as http with skip_verify: the fallback rule does the rest.
void MakeLocal(RegistryHost& host, Release release) {
  const std::string port = SplitHostPort(host.host).port;
  if (!release.LocalSchemeByPort()) {
    host.scheme = "http";
    host.skip_verify = true;
    return;
  }
  host.scheme = port.empty() || port == "443" ? "https" : "http";
  if (port != "80") host.skip_verify = true;
}

}  // namespace

bool IsLocalhost(std::string_view host) {
  const HostPort split = SplitHostPort(host);
  const std::string name = split.host.empty() && split.port.empty() ? std::string(host) : split.host;
  return name == "localhost" || IsLoopbackAddress(name);
}

void MakeDefault(HostEntry& entry, std::string_view registry, Release release) {
  RegistryHost& host = entry.host;
  host.host = registry == "docker.io" ? "registry-1.docker.io" : std::string(registry);
  host.scheme = "https";
  if (IsLocalhost(registry)) MakeLocal(host, release);
  host.path = "/v2";
  host.capabilities = release.DefaultCapabilities();
  host.role = HostRole::kDefault;
}

void ApplyHttpFallback(HostEntry& entry, Release release) {
  RegistryHost& host = entry.host;
  const bool tls = entry.has_ca || !entry.clients.empty() || host.skip_verify.has_value() ||
                   (host.dial_timeout.has_value() && release.DialTimeoutIsTls());
  if (host.scheme != "http" || !tls || !release.FallsBackAt(SplitHostPort(host.host).port)) return;
  host.scheme = "https";
  host.http_fallback = true;
}

}  // namespace tagdrift::hosts
