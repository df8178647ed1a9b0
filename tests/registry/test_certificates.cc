#include "test_certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace tagdrift::registry {
namespace {

constexpr long kDay = 24 * 60 * 60;

template <typename Write>
std::string Pem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string out(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return out;
}

void AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* NewCertificate(const std::string& name, EVP_PKEY* key, long serial, int days) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -10 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), days * kDay);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate, key);
  return certificate;
}

}  // namespace

struct TestAuthority::Parts {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = nullptr;
};

TestAuthority::TestAuthority() : parts_(std::make_unique<Parts>()) {
  parts_->certificate = NewCertificate("tagdrift test authority", parts_->key, 1, 1);
  X509_set_issuer_name(parts_->certificate, X509_get_subject_name(parts_->certificate));
  AddExtension(parts_->certificate, parts_->certificate, NID_basic_constraints, "critical,CA:TRUE");
  // By these a client tells authorities of one name apart.
  AddExtension(parts_->certificate, parts_->certificate, NID_subject_key_identifier, "hash");
  X509_sign(parts_->certificate, parts_->key, EVP_sha256());
}

TestAuthority::~TestAuthority() {
  X509_free(parts_->certificate);
  EVP_PKEY_free(parts_->key);
}

std::string TestAuthority::Certificate() const {
  return Pem([this](BIO* bio) { PEM_write_bio_X509(bio, parts_->certificate); });
}

std::unique_ptr<ServerPair> TestAuthority::Issue(const std::string& names, int days) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = NewCertificate("127.0.0.1", key, 2, days);
  X509_set_issuer_name(certificate, X509_get_subject_name(parts_->certificate));
  AddExtension(certificate, parts_->certificate, NID_authority_key_identifier, "keyid");
  if (!names.empty()) AddExtension(certificate, parts_->certificate, NID_subject_alt_name, names);
  X509_sign(certificate, parts_->key, EVP_sha256());
  auto pair = std::make_unique<ServerPair>();
  pair->certificate = Pem([certificate](BIO* bio) { PEM_write_bio_X509(bio, certificate); });
  pair->key = Pem([key](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
  X509_free(certificate);
  EVP_PKEY_free(key);
  return pair;
}

}  // namespace tagdrift::registry
