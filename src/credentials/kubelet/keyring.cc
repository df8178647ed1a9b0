#include "credentials/kubelet/keyring.h"

#include <optional>
#include <utility>

namespace tagdrift::credentials {
namespace {

constexpr char kHubKey[] = "index.docker.io";

bool IsOnHub(std::string_view image) {
  return image.starts_with("docker.io/") || image.starts_with("index.docker.io/");
}

}  // namespace

void Keyring::Add(std::string_view key, registry::Credential credential) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!key.starts_with(scheme)) continue;
    key.remove_prefix(scheme.size());
    break;
  }
  const std::optional<ImagePattern> written = ImagePattern::Parse(key);
  if (!written) return;
  std::string_view path = written->path();
  if (path.starts_with("/v1/") || path.starts_with("/v2/")) path.remove_prefix(3);
  if (path == "/") path = {};
  const std::string plain = written->host() + std::string(path);
  std::optional<ImagePattern> pattern = ImagePattern::Parse(plain);
  if (!pattern) return;
  slots_.try_emplace(plain, Slot{*std::move(pattern), {}}).first->second.credentials.push_back(std::move(credential));
}

std::vector<registry::Credential> Keyring::Find(std::string_view image) const {
  std::vector<registry::Credential> found;
  const std::optional<ImagePattern> asked = ImagePattern::Parse(image);
  if (!asked) return found;
  for (const auto& [key, slot] : slots_) {
    if (slot.pattern.Matches(*asked)) found.insert(found.end(), slot.credentials.begin(), slot.credentials.end());
  }
  if (!found.empty() || !IsOnHub(image)) return found;
  const auto hub = slots_.find(kHubKey);
  return hub == slots_.end() ? found : hub->second.credentials;
}

std::vector<std::string> Keyring::Hosts() const {
  std::vector<std::string> hosts;
  for (const auto& [key, slot] : slots_) hosts.push_back(key == kHubKey ? "docker.io" : slot.pattern.host());
  return hosts;
}

std::string ImageName(std::string_view host, std::string_view repository) {
  const std::string_view name = host == "registry-1.docker.io" ? "docker.io" : host;
  return std::string(name) + "/" + std::string(repository);
}

}  // namespace tagdrift::credentials
