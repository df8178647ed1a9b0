#include "signed_token.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "failure.h"
#include "process.h"

namespace tagdrift::lab {
namespace {

using Bytes = std::vector<unsigned char>;

// Half of an ES256 signature.
constexpr int kHalf = 32;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};

std::string Base64(const unsigned char* bytes, std::size_t size) {
  std::string text(4 * ((size + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string Base64Url(const unsigned char* bytes, std::size_t size) {
  std::string text = Base64(bytes, size);
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

std::string Base64Url(const std::string& text) {
  return Base64Url(reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

std::unique_ptr<BIO, Free> Open(const std::string& pem) {
  return std::unique_ptr<BIO, Free>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::string CertificateInBase64(const std::string& file) {
  const std::string pem = ReadFile(file);
  const std::unique_ptr<X509, Free> certificate(PEM_read_bio_X509(Open(pem).get(), nullptr, nullptr, nullptr));
  if (!certificate) GiveUp("no certificate in " + file);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  std::string text = Base64(der, static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

/// The two numbers of an ECDSA signature one after the other, as web tokens want them.
Bytes SignEs256(const std::string& text, const std::string& key_file) {
  const std::string pem = ReadFile(key_file);
  const std::unique_ptr<EVP_PKEY, Free> key(PEM_read_bio_PrivateKey(Open(pem).get(), nullptr, nullptr, nullptr));
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  if (!key || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) {
    GiveUp("cannot sign with " + key_file);
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
  Bytes der(size);
  EVP_DigestSign(context.get(), der.data(), &size, bytes, text.size());
  const unsigned char* at = der.data();
  const std::unique_ptr<ECDSA_SIG, Free> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  if (!signature) GiveUp("signing with " + key_file + " failed");
  Bytes out(2 * kHalf);
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), kHalf);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + kHalf, kHalf);
  return out;
}

}  // namespace

std::string SignToken(const TokenClaims& claims, const Certificates& signer) {
  using nlohmann::json;
  const json header = {
      {"typ", "JWT"}, {"alg", "ES256"}, {"x5c", json::array({CertificateInBase64(signer.certificate)})}};
  json access = json::array();
  if (!claims.repository.empty()) {
    access.push_back({{"type", "repository"}, {"name", claims.repository}, {"actions", {"pull"}}});
  }
  const json body = {{"iss", claims.issuer},
                     {"sub", claims.subject},
                     {"aud", claims.audience},
                     {"exp", claims.expires},
                     {"nbf", claims.not_before},
                     {"iat", claims.not_before},
                     {"jti", "lab-" + claims.repository},
                     {"access", access}};
  const std::string text = Base64Url(header.dump()) + "." + Base64Url(body.dump());
  const Bytes signature = SignEs256(text, signer.key);
  return text + "." + Base64Url(signature.data(), signature.size());
}

}  // namespace tagdrift::lab
