#include "hosts/directory/legacy_mirrors.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

#include "hosts/directory/default_host.h"
#include "hosts/directory/host_directory.h"
#include "hosts/directory/pem.h"
#include "hosts/directory/tls_files.h"
#include "hosts/go/go_text.h"
#include "hosts/go/host_url.h"
#include "tagdrift/hosts/registry_host.h"
#include "tagdrift/text/text.h"
#include "tagdrift/text/userinfo.h"

namespace tagdrift::hosts {
namespace {

constexpr std::size_t kMaxEndpoints = 100;

std::string DefaultScheme(const std::string& host) { return IsLocalhost(host) ? "http" : "https"; }

/// A registry's own key wins over "*"; there is no merging.
template <typename T>
T OfRegistry(const std::map<std::string, T>& tables, const std::string& registry) {
  auto found = tables.find(registry);
  if (found == tables.end()) found = tables.find("*");
  return found == tables.end() ? T{} : found->second;
}

absl::StatusOr<std::string> WithScheme(const std::string& endpoint) {
  if (endpoint.find("://") != std::string::npos) return endpoint;
  const absl::StatusOr<HostUrl> url = ParseHostUrl("dummy://" + endpoint);
  if (!url.ok()) return url.status();
  return DefaultScheme(url->host) + "://" + endpoint;
}

class LegacyLoader {
 public:
  LegacyLoader(const FileTree& tree, const RegistrySettings& settings, RegistryConfig& config)
      : files_(tree), settings_(settings), config_(config), release_(settings.version) {}

  void Run() {
    bool has_registry = false;
    const std::vector<std::string> mirrors = OfRegistry(settings_.mirrors, config_.registry);
    if (mirrors.size() > kMaxEndpoints) {
      const auto [file, line] = OfRegistry(settings_.mirror_places, config_.registry);
      return NotKnown({NoteKind::kLimitExceeded, file, line, "more than 100 mirrors of one registry"});
    }
    for (const std::string& mirror : mirrors) {
      const absl::StatusOr<std::string> endpoint = WithScheme(mirror);
      const absl::StatusOr<HostUrl> url = endpoint.ok() ? ParseHostUrl(*endpoint) : endpoint.status();
      if (!url.ok()) {
        Fail("get registry endpoints: parse endpoint url: " + text::MessageOf(url.status()), "");
        return;
      }
      has_registry = has_registry || url->host == config_.registry;
      if (!Add(*url, *endpoint, HostRole::kMirror)) return;
    }
    if (has_registry) return;
    const std::string host = DefaultHostName(config_.registry);
    const std::string scheme = DefaultScheme(host);
    Add({scheme, host, ""}, scheme + "://" + host, HostRole::kDefault);
  }

 private:
  bool Fail(std::string error, const std::string& file) {
    config_.hosts.clear();
    config_.notes.push_back({NoteKind::kPullFails, file, 0, error});
    config_.error = std::move(error);
    return false;
  }

  bool Add(const HostUrl& url, const std::string& endpoint, HostRole role) {
    RegistryHost host;
    host.scheme = url.scheme;
    host.host = url.host;
    host.path = url.path.empty() ? "/v2" : url.path;  // unlike in hosts.toml, nothing is appended to a path
    host.role = role;
    if (role == HostRole::kMirror)
      std::tie(host.file, host.line) = OfRegistry(settings_.mirror_places, config_.registry);
    host.capabilities = {Capability::kPull, Capability::kResolve};
    if (release_.HasReferrers()) host.capabilities.Add(Capability::kReferrers);
    const auto tls = settings_.endpoint_tls.find(url.host);
    if (tls != settings_.endpoint_tls.end()) {
      if (!AddTls(tls->second, endpoint, host)) return false;
    } else if (IsLocalhost(config_.registry) && host.scheme == "http") {
      host.skip_verify = true;
    }
    config_.hosts.push_back(std::move(host));
    return true;
  }

  bool AddTls(const EndpointTls& tls, const std::string& endpoint, RegistryHost& host) {
    const std::string doing = "get TLSConfig for registry " + GoQuoted(text::WithoutUserinfo(endpoint)) + ": ";
    if (!tls.cert_file.empty() && tls.key_file.empty()) {
      return Fail(doing + "cert file " + GoQuoted(tls.cert_file) +
                      " was specified, but no corresponding key file was specified",
                  tls.cert_file);
    }
    if (tls.cert_file.empty() && !tls.key_file.empty()) {
      return Fail(
          doing + "key file " + GoQuoted(tls.key_file) + " was specified, but no corresponding cert file was specified",
          tls.key_file);
    }
    if (!tls.cert_file.empty() && !AddClient(tls, doing + "failed to load cert file: ", host)) return false;
    if (!tls.ca_file.empty()) {
      std::optional<PemFile> ca = Read(tls.ca_file, doing + "failed to load CA file: ");
      if (!ca) return false;
      // Without a certificate in it the file changes nothing, and containerd does not mind.
      if (HoldsCertificate(ca->bytes)) host.ca.push_back(*std::move(ca));
    }
    host.skip_verify = tls.insecure_skip_verify;
    return true;
  }

  bool AddClient(const EndpointTls& tls, const std::string& doing, RegistryHost& host) {
    std::optional<PemFile> certificate = Read(tls.cert_file, doing);
    std::optional<PemFile> key = certificate ? Read(tls.key_file, doing) : std::nullopt;
    if (!key) return false;
    if (const std::optional<std::string> problem = KeyPairProblem(certificate->bytes, key->bytes)) {
      return Fail(doing + *problem, tls.cert_file);
    }
    host.clients.push_back({*std::move(certificate), *std::move(key)});
    return true;
  }

  std::optional<PemFile> Read(const std::string& path, const std::string& doing) {
    absl::StatusOr<PemFile> file = files_.Read(path);
    if (file.ok()) return *std::move(file);
    const Refusal refusal = RefusedBy(file.status(), path, "open");
    if (refusal.unknown) {
      NotKnown({refusal.limit ? NoteKind::kLimitExceeded : NoteKind::kUnreadable, path, 0, doing + refusal.error});
    } else {
      Fail(doing + refusal.error, path);
    }
    return std::nullopt;
  }

  void NotKnown(Note note) {
    config_.hosts.clear();
    config_.unknown = note.detail;
    config_.notes.push_back(std::move(note));
  }

  TlsFiles files_;
  const RegistrySettings& settings_;
  RegistryConfig& config_;
  Release release_;
};

}  // namespace

void LoadLegacyHosts(const FileTree& tree, const RegistrySettings& settings, RegistryConfig& config) {
  LegacyLoader(tree, settings, config).Run();
}

}  // namespace tagdrift::hosts
