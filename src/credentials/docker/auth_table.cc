#include "credentials/docker/auth_table.h"

#include <algorithm>
#include <utility>

namespace tagdrift::credentials {

std::string PlainKey(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  }
  while (key.ends_with('/')) key.remove_suffix(1);
  for (const std::string_view version : {"/v1", "/v2"}) {
    if (key.ends_with(version)) key.remove_suffix(version.size());
  }
  const std::size_t slash = std::min(key.find('/'), key.size());
  std::string_view host = key.substr(0, slash);
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  if (host == "index.docker.io" || host == "registry-1.docker.io") host = "docker.io";
  return std::string(host) + std::string(key.substr(slash));
}

AuthTable::AuthTable(std::vector<Entry> entries) {
  for (Entry& entry : entries) {
    std::string key = PlainKey(entry.key);
    if (key == entry.key) {
      entries_.insert_or_assign(std::move(key), std::move(entry.credential));
    } else {
      entries_.emplace(std::move(key), std::move(entry.credential));
    }
  }
}

const registry::Credential* AuthTable::Find(std::string_view host, std::string_view repository) const {
  std::string key = PlainKey(host);
  const std::size_t shortest = key.size();
  if (!repository.empty()) key += "/" + std::string(repository);
  for (;;) {
    if (const auto found = entries_.find(key); found != entries_.end()) return &found->second;
    if (key.size() <= shortest) return nullptr;
    key.resize(std::max(key.rfind('/'), shortest));
  }
}

std::vector<std::string> AuthTable::Hosts() const {
  std::vector<std::string> hosts;
  for (const auto& [key, credential] : entries_) hosts.push_back(key.substr(0, key.find('/')));
  return hosts;
}

}  // namespace tagdrift::credentials
