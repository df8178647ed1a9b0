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

/// The certificate authorities that connections are verified against: the system's pool, parsed once at its first use,
/// and the same with the extra ones of a registry host. Thread safe.
class TrustStore {
 public:
  /// `bundle` is a PEM file; empty: the usual places (none of them there: an empty pool, as containerd has then).
  /// Errors: the named bundle cannot be read or holds no certificate.
  static absl::StatusOr<std::unique_ptr<TrustStore>> Open(const std::string& bundle);

  /// The system's pool with `extra` added. Owned by this; null when there is no memory.
  X509_STORE* With(const std::vector<hosts::PemFile>& extra);

  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;
  ~TrustStore();

 private:
  explicit TrustStore(std::string pem) : pem_(std::move(pem)) {}

  std::string pem_;
  std::mutex mutex_;
  bool parsed_ = false;
  std::vector<X509*> system_;
  std::map<std::string, X509_STORE*> stores_;  ///< by the bytes of the extra files
};

}  // namespace tagdrift::registry
