#include "registry/trust_store.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <climits>
#include <fstream>
#include <iterator>
#include <optional>

#include "absl/status/status.h"

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxBundle = 16 * 1024 * 1024;

// Where Go looks on Linux, in its order.
constexpr std::array<const char*, 6> kUsualPlaces = {"/etc/ssl/certs/ca-certificates.crt",
                                                     "/etc/pki/tls/certs/ca-bundle.crt",
                                                     "/etc/ssl/ca-bundle.pem",
                                                     "/etc/pki/tls/cacert.pem",
                                                     "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                                     "/etc/ssl/cert.pem"};

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes(kMaxBundle + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad()) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.empty() || bytes.size() > kMaxBundle) return std::nullopt;
  return bytes;
}

/// Every certificate of `pem`; what is no certificate is skipped, as Go does.
std::vector<X509*> ParseCertificates(const std::string& pem) {
  std::vector<X509*> out;
  if (pem.size() > INT_MAX) return out;
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  if (bio == nullptr) return out;
  for (;;) {
    ERR_clear_error();
    X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    if (certificate != nullptr) {
      out.push_back(certificate);
    } else if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE || BIO_eof(bio) != 0) {
      break;
    }
  }
  ERR_clear_error();
  BIO_free(bio);
  return out;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrustStore>> TrustStore::Open(const std::string& bundle) {
  if (!bundle.empty()) {
    std::optional<std::string> pem = ReadFile(bundle);
    if (!pem) return absl::NotFoundError("reading CA bundle " + bundle + ": cannot be read; name a PEM file");
    if (pem->find("-----BEGIN") == std::string::npos) {
      return absl::InvalidArgumentError("reading CA bundle " + bundle + ": holds no PEM certificate");
    }
    return std::unique_ptr<TrustStore>(new TrustStore(std::move(*pem)));
  }
  for (const char* place : kUsualPlaces) {
    std::optional<std::string> pem = ReadFile(place);
    if (pem) return std::unique_ptr<TrustStore>(new TrustStore(std::move(*pem)));
  }
  return std::unique_ptr<TrustStore>(new TrustStore(std::string()));
}

TrustStore::~TrustStore() {
  for (const auto& [key, store] : stores_) X509_STORE_free(store);
  for (X509* certificate : system_) X509_free(certificate);
}

X509_STORE* TrustStore::With(const std::vector<hosts::PemFile>& extra) {
  std::string key;
  for (const hosts::PemFile& file : extra) key += file.bytes + "\n";
  const std::lock_guard lock(mutex_);
  if (const auto found = stores_.find(key); found != stores_.end()) return found->second;
  if (!parsed_) system_ = ParseCertificates(pem_);
  parsed_ = true;
  X509_STORE* store = X509_STORE_new();
  if (store == nullptr) return nullptr;
  // A pool's intermediate certificate is trusted by itself, as in Go.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  for (X509* certificate : system_) X509_STORE_add_cert(store, certificate);
  for (X509* certificate : ParseCertificates(key)) {
    X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  ERR_clear_error();
  stores_.emplace(std::move(key), store);
  return store;
}

}  // namespace tagdrift::registry
