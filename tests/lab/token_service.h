#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "../registry/test_server.h"
#include "certificates.h"
#include "signed_token.h"

namespace tagdrift::lab {

/// A token server for registries of the lab. Anybody may pull what begins with "public/", who knows kUser and kPassword
/// may pull everything; others get a token without rights, and a wrong password gets none. Takes GET only.
class TokenService {
 public:
  /// What is wrong with its tokens.
  enum class Flaw { kNone, kExpired, kOtherRepository };

  explicit TokenService(Certificates signer, Flaw flaw = Flaw::kNone);

  /// For RegistryOptions::auth, of registries that trust `root` to sign tokens.
  std::string RegistryAuth(const std::string& root) const;

  /// The requests since the start: "GET repository:public/app:pull 200".
  std::vector<std::string> Requests() const;

 private:
  registry::Scripted Answer(const registry::Received& request);
  std::string Issue(const std::string& repository, bool known) const;

  Certificates signer_;
  Flaw flaw_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::unique_ptr<registry::TestServer> server_;  ///< last: it answers with the rest
};

}  // namespace tagdrift::lab
