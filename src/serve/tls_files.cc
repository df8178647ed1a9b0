#include "serve/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "serve/listen_at.h"
#include "tagdrift/record/file.h"
#include "tagdrift/text/text.h"

namespace tagdrift::serve {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;
constexpr const char* kCertificate = "--tls-cert";
constexpr const char* kKey = "--tls-key";
constexpr const char* kClientCa = "--tls-client-ca";

template <auto free>
struct Free {
  template <class Object>
  void operator()(Object* object) const {
    free(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;

absl::Status Unusable(const char* option, const std::string& file, std::string_view why) {
  ERR_clear_error();
  return absl::FailedPreconditionError(std::string(option) + " " + file + ": " + std::string(why));
}

Bio Over(const std::string& pem) { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

/// Every certificate of `pem`. None: there is none, or one that is damaged.
std::vector<Certificate> CertificatesOf(const std::string& pem) {
  std::vector<Certificate> certificates;
  const Bio bio = Over(pem);
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) certificates.clear();
  ERR_clear_error();
  return certificates;
}

/// Instead of asking at a terminal.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*unused*/) { return 0; }

/// Empty: it holds.
std::string_view NotInForce(const X509& certificate, absl::Time now) {
  time_t at = absl::ToTimeT(now);
  if (X509_cmp_time(X509_get0_notBefore(&certificate), &at) > 0) return "is not valid yet";
  if (X509_cmp_time(X509_get0_notAfter(&certificate), &at) < 0) return "has expired";
  return "";
}

absl::StatusOr<std::string> ReadOne(const char* option, const std::string& path) {
  auto bytes = record::ReadWhole(path, kMostBytes);
  if (bytes.ok()) return bytes;
  return absl::FailedPreconditionError(std::string(option) + ": " + text::MessageOf(bytes.status()));
}

}  // namespace

absl::StatusOr<TlsSet> ReadTlsFiles(const TlsAccess& access) {
  auto certificate = ReadOne(kCertificate, access.certificate);
  if (!certificate.ok()) return certificate.status();
  auto key = ReadOne(kKey, access.key);
  if (!key.ok()) return key.status();
  auto client_ca = ReadOne(kClientCa, access.client_ca);
  if (!client_ca.ok()) return client_ca.status();
  return TlsSet{*std::move(certificate), *std::move(key), *std::move(client_ca)};
}

absl::Status CheckTlsSet(const TlsAccess& access, const TlsSet& set, absl::Time now) {
  const std::vector<Certificate> chain = CertificatesOf(set.certificate);
  if (chain.empty()) return Unusable(kCertificate, access.certificate, "is no PEM file of certificates");
  const std::string_view expired = NotInForce(*chain.front(), now);
  if (!expired.empty()) return Unusable(kCertificate, access.certificate, expired);
  const Key key(PEM_read_bio_PrivateKey(Over(set.key).get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) return Unusable(kKey, access.key, "is no PEM file of a private key without a password");
  const Context context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr || SSL_CTX_use_certificate(context.get(), chain.front().get()) != 1) {
    return Unusable(kCertificate, access.certificate, "OpenSSL does not take it: too weak a key or signature");
  }
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    return Unusable(kKey, access.key, "is not the key of --tls-cert " + access.certificate);
  }
  const std::vector<Certificate> authorities = CertificatesOf(set.client_ca);
  if (authorities.empty()) return Unusable(kClientCa, access.client_ca, "is no PEM file of certificates");
  const bool one_holds = std::ranges::any_of(
      authorities, [&](const Certificate& authority) { return NotInForce(*authority, now).empty(); });
  if (!one_holds) return Unusable(kClientCa, access.client_ca, NotInForce(*authorities.front(), now));
  return absl::OkStatus();
}

absl::StatusOr<TlsSet> ReadUsableTlsFiles(const TlsAccess& access) {
  auto set = ReadTlsFiles(access);
  if (!set.ok()) return set;
  if (absl::Status usable = CheckTlsSet(access, *set, absl::Now()); !usable.ok()) return usable;
  return set;
}

absl::Status CheckTlsAccess(const TlsAccess& access) {
  if (absl::Status address = CheckAddress(access.address); !address.ok()) {
    return absl::Status(address.code(), "--listen: " + text::MessageOf(address));
  }
  return ReadUsableTlsFiles(access).status();
}

}  // namespace tagdrift::serve
