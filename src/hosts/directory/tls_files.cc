#include "hosts/directory/tls_files.h"

#include <utility>
#include <variant>

#include "hosts/directory/pem.h"
#include "hosts/go/go_text.h"

namespace tagdrift::hosts {
namespace {

std::variant<PemFile, Refusal> ReadPem(TlsFiles& files, const std::string& path, const std::string& what) {
  absl::StatusOr<PemFile> file = files.Read(path);
  if (file.ok()) return *std::move(file);
  Refusal refusal = RefusedBy(file.status(), path, "open");
  refusal.error = "unable to read " + what + " " + GoQuoted(path) + ": " + refusal.error;
  return refusal;
}

std::optional<Refusal> LoadCa(TlsFiles& files, HostEntry& entry) {
  for (const std::string& path : entry.ca) {
    std::variant<PemFile, Refusal> read = ReadPem(files, path, "CA cert");
    if (Refusal* refusal = std::get_if<Refusal>(&read)) return *refusal;
    PemFile& file = std::get<PemFile>(read);
    if (!HoldsCertificate(file.bytes)) return Refusal{"unable to load CA cert " + GoQuoted(path), path};
    entry.host.ca.push_back(std::move(file));
  }
  return std::nullopt;
}

std::optional<Refusal> LoadClients(TlsFiles& files, HostEntry& entry) {
  for (const auto& [certificate_path, key_path] : entry.clients) {
    std::variant<PemFile, Refusal> certificate = ReadPem(files, certificate_path, "CERT file");
    if (Refusal* refusal = std::get_if<Refusal>(&certificate)) return *refusal;
    std::variant<PemFile, Refusal> key = certificate;
    if (!key_path.empty()) key = ReadPem(files, key_path, "CERT file");
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

std::optional<Refusal> TlsFiles::Load(HostEntry& entry) {
  if (std::optional<Refusal> refusal = LoadCa(*this, entry)) return refusal;
  return LoadClients(*this, entry);
}

absl::StatusOr<PemFile> TlsFiles::Read(const std::string& path) {
  absl::StatusOr<std::string> bytes = tree_.Read(path, bytes_left_);
  if (absl::IsResourceExhausted(bytes.status())) {
    return absl::ResourceExhaustedError("the certificates for this registry's hosts are larger than 8 MiB together");
  }
  if (!bytes.ok()) return bytes.status();
  bytes_left_ -= bytes->size();
  return PemFile{path, *std::move(bytes)};
}

}  // namespace tagdrift::hosts
