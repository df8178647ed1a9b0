#include "kube/certificate_pin.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <string_view>

#include "tagdrift/text/base64.h"

namespace tagdrift::kube {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

}  // namespace

std::string CertificatePin(const std::string& pem) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<X509, Free> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!certificate) return {};
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
  if (size <= 0) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int sum_size = 0;
  const int hashed = EVP_Digest(der, static_cast<std::size_t>(size), sum.data(), &sum_size, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  if (hashed != 1) return {};
  return "sha256//" + text::Base64Encode({reinterpret_cast<const char*>(sum.data()), sum_size});
}

}  // namespace tagdrift::kube
