#include "origin_option.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "tagdrift/text/text.h"
#include "tagdrift/text/userinfo.h"

namespace tagdrift::cli {
namespace {

absl::StatusOr<hosts::RegistryHost> ParseUrl(std::string_view url) {
  hosts::RegistryHost host;
  host.role = hosts::HostRole::kConfigured;
  host.capabilities = {hosts::Capability::kPull, hosts::Capability::kResolve};
  const std::size_t scheme_end = url.find("://");
  host.scheme = std::string(url.substr(0, scheme_end));
  if (scheme_end == std::string_view::npos || (host.scheme != "https" && host.scheme != "http")) {
    return absl::InvalidArgumentError("the URL has to begin with https:// or http://");
  }
  url.remove_prefix(scheme_end + 3);
  if (url.find_first_of("@?# ") != std::string_view::npos) {
    return absl::InvalidArgumentError("the URL may have a host, a port and a path only");
  }
  const std::size_t path = url.find('/');
  host.host = std::string(url.substr(0, path));
  if (host.host.empty()) return absl::InvalidArgumentError("the URL has no host");
  if (path != std::string_view::npos) host.path = std::string(url.substr(path));
  while (!host.path.empty() && host.path.back() == '/') host.path.pop_back();
  if (!host.path.ends_with("/v2")) host.path += "/v2";
  return host;
}

}  // namespace

absl::StatusOr<std::map<std::string, hosts::RegistryHost>> ReadOrigins(const std::vector<std::string>& values) {
  std::map<std::string, hosts::RegistryHost> origins;
  for (const std::string& value : values) {
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(
          fmt::format("--origin '{}': write REGISTRY=URL, e.g. docker.io=https://registry-1.docker.io",
                      text::WithoutUserinfo(value)));
    }
    auto host = ParseUrl(std::string_view(value).substr(equals + 1));
    if (!host.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("--origin '{}': {}", text::WithoutUserinfo(value), text::MessageOf(host.status())));
    }
    const auto [entry, is_new] = origins.emplace(value.substr(0, equals), *std::move(host));
    if (!is_new) return absl::InvalidArgumentError(fmt::format("--origin: {} is named twice", entry->first));
  }
  return origins;
}

}  // namespace tagdrift::cli
