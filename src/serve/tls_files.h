#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tagdrift/serve/serve.h"

namespace tagdrift::serve {

/// What the files of mutual TLS say, PEM.
struct TlsSet {
  std::string certificate;  ///< the server's, with its chain
  std::string key;
  std::string client_ca;

  bool operator==(const TlsSet&) const = default;
};

/// Errors: FailedPrecondition or what the system says, naming option and file.
absl::StatusOr<TlsSet> ReadTlsFiles(const TlsAccess& access);

/// The same of files that a server can begin with now. Errors: as CheckTlsSet.
absl::StatusOr<TlsSet> ReadUsableTlsFiles(const TlsAccess& access);

/// Whether a server can begin with `set`: all is PEM, the key is that of the certificate, and this and one of the
/// authorities at least hold at `now`. Errors: FailedPrecondition, naming option and file.
absl::Status CheckTlsSet(const TlsAccess& access, const TlsSet& set, absl::Time now);

}  // namespace tagdrift::serve
