#include "registry/tls/tls_setup.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <memory>

namespace tagdrift::registry {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

std::unique_ptr<BIO, Free> Reader(const std::string& bytes) {
  return std::unique_ptr<BIO, Free>(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// An encrypted key has nobody to ask for its pass phrase.
int NoPassPhrase(char*, int, int, void*) { return -1; }

bool UseClientPair(SSL_CTX* context, const hosts::ClientPair& pair) {
  const auto certificates = Reader(pair.certificate.bytes);
  const std::unique_ptr<X509, Free> leaf(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return false;
  while (X509* next = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)) {
    const std::unique_ptr<X509, Free> intermediate(next);
    SSL_CTX_add1_chain_cert(context, next);
  }
  ERR_clear_error();
  const auto keys = Reader(pair.key.bytes);
  const std::unique_ptr<EVP_PKEY, Free> key(PEM_read_bio_PrivateKey(keys.get(), nullptr, NoPassPhrase, nullptr));
  return key && SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

/// Go takes names from subjectAltName only; OpenSSL and libcurl would also take the common name.
void DemandName(SSL_CTX* context, const std::string& host) {
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  std::string name = host;
  if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
  if (name.ends_with('.')) name.pop_back();
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) != 1) {
    ERR_clear_error();
    X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size());
  }
}

/// Go's client recognises a plain http server by the five bytes where it expects a record header.
void WatchRecords(int written, int, int content, const void* bytes, std::size_t size, SSL*, void* argument) {
  if (written != 0 || content != SSL3_RT_HEADER || size < 5) return;
  if (std::memcmp(bytes, "HTTP/", 5) == 0) static_cast<TlsSetup*>(argument)->saw_http = true;
}

CURLcode SetUpContext(CURL*, void* ssl_context, void* argument) {
  auto* setup = static_cast<TlsSetup*>(argument);
  auto* context = static_cast<SSL_CTX*>(ssl_context);
  if (!setup->store) setup->store = setup->trust->With(setup->host->ca);
  if (!setup->store) return CURLE_OUT_OF_MEMORY;
  SSL_CTX_set1_cert_store(context, setup->store.get());
  SSL_CTX_set_msg_callback(context, WatchRecords);
  SSL_CTX_set_msg_callback_arg(context, setup);
  if (!setup->verified_name.empty()) DemandName(context, setup->verified_name);
  const auto& clients = setup->host->clients;
  if (!clients.empty() && !UseClientPair(context, clients.front())) return CURLE_ABORTED_BY_CALLBACK;
  return CURLE_OK;
}

}  // namespace

void ApplyTls(CURL* easy, const Endpoint& endpoint, TlsSetup* setup) {
  const long verify = endpoint.skip_verify ? 0L : 1L;
  // With a proxy that itself speaks TLS the same context function serves both, and the name would be demanded of the
  // proxy.
  const bool tls_proxy = endpoint.proxy.starts_with("https://");
  setup->verified_name = endpoint.skip_verify || tls_proxy ? "" : endpoint.host;
  curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify * 2);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, SetUpContext);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, setup);
}

}  // namespace tagdrift::registry
