#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "registry/base64.h"
#include "registry/json_bodies.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  // O_NONBLOCK: a FIFO must not hold us up.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return absl::NotFoundError(std::strerror(errno));
  const absl::Cleanup close_fd = [fd] { close(fd); };
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return absl::InvalidArgumentError("not a regular file");
  std::string bytes(kMaxFile + 1, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = read(fd, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::UnavailableError(std::strerror(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxFile) return absl::ResourceExhaustedError("larger than 1 MiB");
  bytes.resize(size);
  return bytes;
}

/// "https://user@example.com/v1/" is "example.com"; Docker Hub's names become one.
std::string Normalise(std::string_view key) {
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

absl::Status Bad(const std::string& key, const std::string& what) {
  return absl::InvalidArgumentError("entry '" + Normalise(key) + "': " + what);
}

/// Nothing for an entry without any secret (`{}` marks what a helper holds).
absl::StatusOr<std::optional<Credential>> ReadCredential(const AuthEntry& entry) {
  Credential credential{entry.username, entry.password, {}, {}};
  if (!entry.auth.empty()) {
    std::optional<std::string> decoded = Base64Decode(entry.auth);
    if (!decoded) return Bad(entry.key, "'auth' is not base64");
    decoded->erase(decoded->find_last_not_of('\0') + 1);
    const std::size_t colon = decoded->find(':');
    if (colon == std::string::npos) return Bad(entry.key, "'auth' has no colon between user and password");
    credential = {decoded->substr(0, colon), decoded->substr(colon + 1), {}, {}};
  }
  if (!credential.password.empty()) return credential;
  if (entry.has_identity_token) {
    return Bad(entry.key, "identity tokens are not supported; use a user name and password");
  }
  if (credential.username.empty()) return std::nullopt;
  return Bad(entry.key, "has a user name but no password");
}

class AuthFile : public CredentialSource {
 public:
  explicit AuthFile(std::map<std::string, Credential> entries) : entries_(std::move(entries)) {}

  CredentialAnswer Find(std::string_view host, std::string_view repository) const override {
    std::string key = Normalise(host);
    const std::size_t shortest = key.size();
    if (!repository.empty()) key += "/" + std::string(repository);
    for (;;) {
      if (const auto found = entries_.find(key); found != entries_.end()) return {{found->second}, {}};
      if (key.size() <= shortest) return {};
      key.resize(std::max(key.rfind('/'), shortest));
    }
  }

 private:
  std::map<std::string, Credential> entries_;  ///< by normalised key
};

class Nothing : public CredentialSource {
 public:
  CredentialAnswer Find(std::string_view, std::string_view) const override { return {}; }
};

}  // namespace

absl::StatusOr<std::unique_ptr<CredentialSource>> ReadAuthFile(const std::string& path) {
  const auto failed = [&path](const absl::Status& status) {
    return absl::Status(status.code(), "reading auth file " + path + ": " + std::string(status.message()));
  };
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return failed(text.status());
  const absl::StatusOr<std::vector<AuthEntry>> auths = ParseAuths(*text);
  if (!auths.ok()) return failed(auths.status());
  std::map<std::string, Credential> entries;
  for (const AuthEntry& entry : *auths) {
    absl::StatusOr<std::optional<Credential>> credential = ReadCredential(entry);
    if (!credential.ok()) return failed(credential.status());
    if (!*credential) continue;
    // A key written in its plain form counts before one that only comes down to it.
    const std::string key = Normalise(entry.key);
    if (key == entry.key) {
      entries.insert_or_assign(key, std::move(**credential));
    } else {
      entries.emplace(key, std::move(**credential));
    }
  }
  return std::make_unique<AuthFile>(std::move(entries));
}

std::unique_ptr<CredentialSource> NoCredentials() { return std::make_unique<Nothing>(); }

}  // namespace tagdrift::registry
