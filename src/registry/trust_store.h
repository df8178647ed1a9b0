#pragma once

#include <openssl/x509.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::registry {

/// The certificate authorities that connections are verified against: the system's pool, and the same with the extra
/// ones of a registry host. The pool is indexed at its first use, and only what a chain asks for is parsed: of some 140
/// certificates usually one. Thread safe.
class TrustStore {
 public:
  /// `bundle` is a PEM file; empty: the usual places (none of them there: an empty pool, as containerd has then).
  /// Errors: the named bundle cannot be read or holds no certificate.
  static absl::StatusOr<std::unique_ptr<TrustStore>> Open(const std::string& bundle);
  /// The same from PEM text.
  static absl::StatusOr<std::unique_ptr<TrustStore>> Of(std::string pem);

  /// The system's pool with `extra` added. Owned by this; null when there is no memory.
  X509_STORE* With(const std::vector<hosts::PemFile>& extra);

  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;
  ~TrustStore();

 private:
  struct MethodFree {
    void operator()(X509_LOOKUP_METHOD* method) const { X509_LOOKUP_meth_free(method); }
  };

  explicit TrustStore(std::string pem) : pem_(std::move(pem)) {}

  static int FindBySubject(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name, X509_OBJECT* found);
  void Index();
  void AddOfName(X509_STORE* store, const X509_NAME* name) const;
  X509_STORE* NewStore(const std::string& extra);

  std::string pem_;
  std::mutex mutex_;
  std::unique_ptr<X509_LOOKUP_METHOD, MethodFree> pool_;  ///< null until indexed
  std::multimap<unsigned long, std::string> system_;      ///< DER by the hash of the subject; not changed once indexed
  std::map<std::string, X509_STORE*> stores_;             ///< by the bytes of the extra files
};

}  // namespace tagdrift::registry
