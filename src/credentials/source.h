#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::credentials {

/// Credentials in the order to try.
using Candidates = std::vector<registry::Credential>;

/// One place where credentials are looked for. Thread safe.
class Source {
 public:
  virtual ~Source() = default;

  /// Reads the files of this source where that has not been done yet. Errors: what cannot be read, with its name, and
  /// the next call tries again; Cancelled when the context ended.
  virtual absl::Status Load(const CallContext& context) = 0;

  /// As registry::CredentialSource. Errors: none has been found, and this source may have one; Cancelled when the
  /// context ended.
  virtual absl::StatusOr<Candidates> Find(std::string_view host, std::string_view repository,
                                          const CallContext& context) = 0;

  /// The hosts, or patterns for them, that its files name, with ports and without paths. Runs no program, and leaves
  /// out what cannot be read.
  virtual std::vector<std::string> Hosts(const CallContext&) { return {}; }

  /// Where Find would look for this host and repository, in words without anything secret. Runs no program, and leaves
  /// out what cannot be read.
  virtual std::vector<std::string> Places(std::string_view host, std::string_view repository,
                                          const CallContext& context) = 0;
};

}  // namespace tagdrift::credentials
