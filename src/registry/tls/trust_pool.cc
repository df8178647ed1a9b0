#include "registry/tls/trust_pool.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <climits>
#include <fstream>
#include <optional>
#include <string_view>

#include "tagdrift/registry/system_ca.h"

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxBundle = 16 * 1024 * 1024;

struct X509Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, X509Free>;

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes;
  std::array<char, 64 * 1024> part;
  while (file.read(part.data(), part.size()) || file.gcount() > 0) {
    bytes.append(part.data(), static_cast<std::size_t>(file.gcount()));
    if (bytes.size() > kMaxBundle) return std::nullopt;
  }
  if (file.bad() || bytes.empty()) return std::nullopt;
  return bytes;
}

std::string OfThisSystem() {
  for (const std::string& place : SystemCaPlaces()) {
    if (std::optional<std::string> pem = ReadFile(place)) return *std::move(pem);
  }
  return {};
}

/// The DER of every certificate of `pem`; what is no certificate is skipped, as Go does.
std::vector<std::string> Certificates(const std::string& pem) {
  std::vector<std::string> out;
  if (pem.size() > INT_MAX) return out;
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  if (bio == nullptr) return out;
  for (;;) {
    ERR_clear_error();
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* bytes = nullptr;
    long size = 0;
    if (PEM_read_bio(bio, &name, &header, &bytes, &size) == 1) {
      const bool certificate =
          std::string_view(name) == PEM_STRING_X509 || std::string_view(name) == PEM_STRING_X509_OLD;
      if (certificate) out.emplace_back(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
      OPENSSL_free(name);
      OPENSSL_free(header);
      OPENSSL_free(bytes);
    } else if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE || BIO_eof(bio) != 0) {
      break;
    }
  }
  ERR_clear_error();
  BIO_free(bio);
  return out;
}

Certificate Parse(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  return Certificate(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
}

/// Steps over the element at `*at`, or into it. False where there is none that ends by `end`.
bool Step(const unsigned char** at, const unsigned char* end, bool into) {
  const unsigned char* content = *at;
  long size = 0;
  int tag = 0;
  int kind = 0;
  if ((ASN1_get_object(&content, &size, &tag, &kind, end - *at) & 0x81) != 0) return false;
  *at = into ? content : content + size;
  return true;
}

/// Of the subject, without parsing the rest: a key takes OpenSSL longer than all else together.
std::optional<unsigned long> SubjectHash(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const end = at + der.size();
  if (!Step(&at, end, true) || !Step(&at, end, true)) return std::nullopt;
  const bool has_version = at < end && *at == (V_ASN1_CONTEXT_SPECIFIC | V_ASN1_CONSTRUCTED);
  // Serial number, signature algorithm, issuer, validity.
  for (int i = has_version ? 0 : 1; i < 5; ++i) {
    if (!Step(&at, end, false)) return std::nullopt;
  }
  X509_NAME* name = d2i_X509_NAME(nullptr, &at, end - at);
  if (name == nullptr) return std::nullopt;
  int hashed = 0;
  const unsigned long hash = X509_NAME_hash_ex(name, nullptr, nullptr, &hashed);
  X509_NAME_free(name);
  if (hashed != 1) return std::nullopt;
  return hash;
}

}  // namespace

std::shared_ptr<TrustPool> TrustPool::Of(std::string pem) {
  return std::shared_ptr<TrustPool>(new TrustPool(std::move(pem)));
}

void TrustPool::Index() {
  if (pem_.empty()) pem_ = OfThisSystem();
  for (std::string& der : Certificates(pem_)) {
    if (const auto hash = SubjectHash(der)) certificates_.emplace(*hash, std::move(der));
  }
  ERR_clear_error();
  pem_ = {};
  lookup_.reset(X509_LOOKUP_meth_new("certificate pool"));
  if (lookup_) X509_LOOKUP_meth_set_get_by_subject(lookup_.get(), FindBySubject);
}

/// Adds the system's certificates with this subject to `store`.
void TrustPool::AddOfName(X509_STORE* store, const X509_NAME* name) const {
  int hashed = 0;
  const unsigned long hash = X509_NAME_hash_ex(name, nullptr, nullptr, &hashed);
  if (hashed != 1) return;
  const auto [first, last] = certificates_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    const Certificate certificate = Parse(entry->second);
    if (certificate) X509_STORE_add_cert(store, certificate.get());
  }
}

/// Called by OpenSSL, from any thread, when a store has no certificate of this name yet.
int TrustPool::FindBySubject(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name, X509_OBJECT* found) {
  if (type != X509_LU_X509) return 0;
  X509_STORE* store = X509_LOOKUP_get_store(lookup);
  static_cast<const TrustPool*>(X509_LOOKUP_get_method_data(lookup))->AddOfName(store, name);
  X509_STORE_lock(store);
  const X509_OBJECT* object = X509_OBJECT_retrieve_by_subject(X509_STORE_get0_objects(store), type, name);
  X509* certificate = object == nullptr ? nullptr : X509_OBJECT_get0_X509(object);
  const int set = certificate == nullptr ? 0 : X509_OBJECT_set1_X509(found, certificate);
  // OpenSSL expects no reference in what is found: it takes one of its own, of what the store keeps.
  if (set == 1) X509_free(certificate);
  X509_STORE_unlock(store);
  return set;
}

std::shared_ptr<X509_STORE> TrustPool::With(const std::vector<hosts::PemFile>& extra) {
  std::string key;
  for (const hosts::PemFile& file : extra) key += file.bytes + "\n";
  const std::lock_guard lock(mutex_);
  if (const auto found = stores_.find(key); found != stores_.end()) {
    if (auto store = found->second.lock()) return store;
  }
  std::erase_if(stores_, [](const auto& entry) { return entry.second.expired(); });
  if (!lookup_) Index();
  X509_STORE* made = NewStore(key);
  if (made == nullptr) return nullptr;
  // The store looks into the pool. A deleter lives on for as long as `stores_` knows of the store: it would keep the
  // pool that keeps it.
  std::shared_ptr<X509_STORE> store(made, [pool = shared_from_this()](X509_STORE* old) mutable {
    X509_STORE_free(old);
    pool.reset();
  });
  stores_.emplace(std::move(key), store);
  return store;
}

std::size_t TrustPool::stores() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(stores_.begin(), stores_.end(), [](const auto& entry) { return !entry.second.expired(); }));
}

X509_STORE* TrustPool::NewStore(const std::string& extra) {
  X509_STORE* store = X509_STORE_new();
  X509_LOOKUP* lookup = store == nullptr || !lookup_ ? nullptr : X509_STORE_add_lookup(store, lookup_.get());
  if (lookup == nullptr) {
    X509_STORE_free(store);
    return nullptr;
  }
  X509_LOOKUP_set_method_data(lookup, this);
  // A pool's intermediate certificate is trusted by itself, as in Go.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  for (const std::string& der : Certificates(extra)) {
    const Certificate certificate = Parse(der);
    if (!certificate) continue;
    X509_STORE_add_cert(store, certificate.get());
    // OpenSSL stops looking where the store has the name already.
    AddOfName(store, X509_get_subject_name(certificate.get()));
  }
  ERR_clear_error();
  return store;
}

}  // namespace tagdrift::registry
