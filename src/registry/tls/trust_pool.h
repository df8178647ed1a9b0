#pragma once

#include <openssl/x509.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::registry {

/// The certificate authorities that connections are verified against: the system's pool, and the same with the extra
/// ones of a registry host. The pool is read and indexed at its first use, and only what a chain asks for is parsed: of
/// some 140 certificates usually one. Thread safe.
class TrustPool : public std::enable_shared_from_this<TrustPool> {
 public:
  /// `pem` is a CA bundle, what is no certificate in it is skipped; empty: this system's own in the usual places (none
  /// of them there: an empty pool, as containerd has then).
  static std::shared_ptr<TrustPool> Of(std::string pem);

  /// The pool with `extra` added. Shared by all who ask for the same, and freed with the last of them; null when there
  /// is no memory.
  std::shared_ptr<X509_STORE> With(const std::vector<hosts::PemFile>& extra);

  /// How many different stores are in use.
  std::size_t stores() const;

  TrustPool(const TrustPool&) = delete;
  TrustPool& operator=(const TrustPool&) = delete;

 private:
  struct MethodFree {
    void operator()(X509_LOOKUP_METHOD* method) const { X509_LOOKUP_meth_free(method); }
  };

  explicit TrustPool(std::string pem) : pem_(std::move(pem)) {}

  static int FindBySubject(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name, X509_OBJECT* found);
  void Index();
  void AddOfName(X509_STORE* store, const X509_NAME* name) const;
  X509_STORE* NewStore(const std::string& extra);

  std::string pem_;
  mutable std::mutex mutex_;
  std::unique_ptr<X509_LOOKUP_METHOD, MethodFree> lookup_;   ///< null until indexed
  std::multimap<unsigned long, std::string> certificates_;   ///< DER by the hash of the subject; fixed once indexed
  std::map<std::string, std::weak_ptr<X509_STORE>> stores_;  ///< by the bytes of the extra files
};

}  // namespace tagdrift::registry
