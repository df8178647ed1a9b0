#pragma once

#include <compare>
#include <set>
#include <string>

#include "tagdrift/call/clock.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::registry {

/// A credential at the server that checks it.
struct LoginKey {
  std::string server;  ///< a registry host's origin (basic), or a token realm
  Credential credential;

  friend auto operator<=>(const LoginKey&, const LoginKey&) = default;
};

/// Whether a credential may be used. Until it has once been good, one request tries it at a time; after refusals for
/// three repositories without a good answer in between nobody uses it for 15 minutes. A wrong password sent for every
/// repository of every node would lock the account.
class LoginThrottle {
 public:
  enum class Entry {
    kOpen,     ///< go on
    kTry,      ///< go on and report the outcome: Settle
    kWait,     ///< another is trying it
    kRefused,  ///< tried often enough
  };

  enum class Outcome {
    kGood,     ///< accepted, whatever the rights
    kRefused,  ///< 401
    kUnknown,  ///< the answer says nothing about the credential
  };

  Entry Enter(SteadyTime now);
  /// What came of using it for `repository`, tried or not.
  void Settle(Outcome outcome, const std::string& repository, SteadyTime now);
  bool trying() const { return state_ == State::kTrying; }

 private:
  enum class State { kUnknown, kTrying, kOpen, kRefused };

  State state_ = State::kUnknown;
  std::set<std::string> refused_for_;
  SteadyTime refused_until_;
};

}  // namespace tagdrift::registry
