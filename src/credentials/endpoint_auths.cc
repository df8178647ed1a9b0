#include "credentials/endpoint_auths.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "credentials/shown_key.h"
#include "tagdrift/text/base64.h"

namespace tagdrift::credentials {
namespace {

/// containerd's own trims NUL on both ends of the password.
std::optional<registry::Credential> Decode(const std::string& auth) {
  const std::optional<std::string> decoded = text::Base64Decode(auth);
  if (!decoded) return std::nullopt;
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string password = decoded->substr(colon + 1);
  password.erase(password.find_last_not_of('\0') + 1);
  password.erase(0, password.find_first_not_of('\0'));
  return registry::Credential{.username = decoded->substr(0, colon), .password = std::move(password)};
}

}  // namespace

void EndpointAuths::Use(const std::map<std::string, hosts::EndpointAuth>& auths) {
  ByHost by_host;
  for (const auto& [host, auth] : auths) {
    if (!auth.username.empty()) {
      by_host.emplace(host, registry::Credential{.username = auth.username, .password = auth.password});
    } else if (!auth.identity_token.empty()) {
      by_host.emplace(host, registry::Credential{.identity_token = auth.identity_token});
    } else if (std::optional<registry::Credential> decoded = Decode(auth.auth)) {
      by_host.emplace(host, *std::move(decoded));
    } else if (!auth.auth.empty()) {
      warn_(fmt::format("containerd's credentials for {} are skipped: 'auth' is not base64 of user:password",
                        ShownKey(host)));
    }
  }
  const std::lock_guard lock(mutex_);
  by_host_ = std::move(by_host);
}

absl::StatusOr<Candidates> EndpointAuths::Find(std::string_view host, std::string_view, const CallContext&) {
  const std::lock_guard lock(mutex_);
  const auto found = by_host_.find(host);
  if (found == by_host_.end()) return Candidates{};
  return Candidates{found->second};
}

std::vector<std::string> EndpointAuths::Places(std::string_view host, std::string_view, const CallContext&) {
  const std::lock_guard lock(mutex_);
  if (!by_host_.contains(host)) return {};
  return {fmt::format("containerd's own configuration (registry.configs.\"{}\".auth)", ShownKey(std::string(host)))};
}

std::vector<std::string> EndpointAuths::Hosts(const CallContext&) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> hosts;
  for (const auto& [host, credential] : by_host_) hosts.push_back(host);
  return hosts;
}

}  // namespace tagdrift::credentials
