#include "hosts/directory/tls_files.h"

#include <variant>

#include "hosts/directory/pem.h"
#include "hosts/go/go_text.h"

namespace tagdrift::hosts {
namespace {

constexpr std::size_t kMaxPemBytes = std::size_t{4} << 20;

std::variant<PemFile, Refusal> ReadPem(const FileTree& tree, const std::string& path, const std::string& what) {
  absl::StatusOr<std::string> bytes = tree.Read(path, kMaxPemBytes);
  if (bytes.ok()) return PemFile{path, *std::move(bytes)};
  Refusal refusal = RefusedBy(bytes.status(), path, "open");
  refusal.error = "unable to read " + what + " " + GoQuoted(path) + ": " + refusal.error;
  return refusal;
}

std::optional<Refusal> LoadCa(const FileTree& tree, HostEntry& entry) {
  for (const std::string& path : entry.ca) {
    std::variant<PemFile, Refusal> read = ReadPem(tree, path, "CA cert");
    if (Refusal* refusal = std::get_if<Refusal>(&read)) return *refusal;
    PemFile& file = std::get<PemFile>(read);
    if (!HoldsCertificate(file.bytes)) return Refusal{"unable to load CA cert " + GoQuoted(path), path};
    entry.host.ca.push_back(std::move(file));
  }
  return std::nullopt;
}

std::optional<Refusal> LoadClients(const FileTree& tree, HostEntry& entry) {
  for (const auto& [certificate_path, key_path] : entry.clients) {
    std::variant<PemFile, Refusal> certificate = ReadPem(tree, certificate_path, "CERT file");
    if (Refusal* refusal = std::get_if<Refusal>(&certificate)) return *refusal;
    std::variant<PemFile, Refusal> key = certificate;
    if (!key_path.empty()) key = ReadPem(tree, key_path, "CERT file");
    if (Refusal* refusal = std::get_if<Refusal>(&key)) return *refusal;
    ClientPair pair{std::get<PemFile>(certificate), std::get<PemFile>(key)};
    if (const std::optional<std::string> problem = KeyPairProblem(pair.certificate.bytes, pair.key.bytes)) {
      return Refusal{"failed to load X509 key pair: " + *problem, certificate_path};
    }
    entry.host.clients.push_back(std::move(pair));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> LoadTlsFiles(const FileTree& tree, HostEntry& entry) {
  if (std::optional<Refusal> refusal = LoadCa(tree, entry)) return refusal;
  return LoadClients(tree, entry);
}

}  // namespace tagdrift::hosts
