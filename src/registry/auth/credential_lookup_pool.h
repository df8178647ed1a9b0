#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "registry/auth/credential_question.h"
#include "tagdrift/call/clock.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::registry {

/// Asks the credential source on threads of its own, since programs may have to be run: one question per host at a
/// time, so that a host whose program hangs holds up nobody else. Thread safe.
class CredentialLookupPool {
 public:
  /// Called on a thread of the pool, without any lock, once for each lookup unless it is cancelled first or the pool is
  /// destroyed.
  using Done = std::function<void(std::uint64_t lookup, CredentialAnswer answer)>;

  CredentialLookupPool(std::shared_ptr<const CredentialSource> source, Done done, std::shared_ptr<const Clock> clock);
  /// Cancels all and waits for those that are under way to return.
  ~CredentialLookupPool();
  CredentialLookupPool(const CredentialLookupPool&) = delete;
  CredentialLookupPool& operator=(const CredentialLookupPool&) = delete;

  /// Starts a lookup; `lookup` is the caller's name for it.
  void Ask(std::uint64_t lookup, CredentialQuestion question);
  /// Nobody waits for it any more: it does not start, or ends soon. Not to be called with a lock that Done needs: it
  /// runs what the credential source does on a stop request.
  void Cancel(std::uint64_t lookup);
  /// Ends threads that have had nothing to do for `idle`.
  void EndIdle(std::chrono::nanoseconds idle);

  std::size_t threads() const;

 private:
  struct Lookup {
    std::uint64_t id = 0;
    CredentialQuestion question;
    std::stop_source stop;
  };
  struct LookupThread {
    std::optional<SteadyTime> idle_since;
    bool ended = false;  ///< no longer counted as idle
    std::jthread thread;
  };

  void Run(LookupThread& self, const std::stop_token& stop);
  std::deque<Lookup>::iterator Next();

  const std::shared_ptr<const CredentialSource> source_;
  const Done done_;
  const std::shared_ptr<const Clock> clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any asked_;
  std::deque<Lookup> waiting_;                        // mutex_
  std::list<Lookup> under_way_;                       // mutex_
  std::size_t idle_ = 0;                              // mutex_
  std::list<std::unique_ptr<LookupThread>> threads_;  // mutex_
};

}  // namespace tagdrift::registry
