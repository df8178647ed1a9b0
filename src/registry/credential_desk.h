#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "registry/exchange.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::registry {

/// Asks the credential source on threads of its own, since programs may have to be run: one question per host at a
/// time, so that a host whose program hangs holds up nobody else.
class CredentialDesk {
 public:
  /// Called on a thread of the desk, once for each question unless the desk is destroyed first.
  using Done = std::function<void(const WantCredentials& question, CredentialAnswer answer)>;

  CredentialDesk(std::shared_ptr<const CredentialSource> source, Done done);
  /// Waits for the questions under way, drops the others.
  ~CredentialDesk();

  void Ask(WantCredentials question);

 private:
  void Run(const std::stop_token& stop);
  std::deque<WantCredentials>::iterator Next();

  const std::shared_ptr<const CredentialSource> source_;
  const Done done_;
  std::mutex mutex_;
  std::condition_variable_any asked_;
  std::deque<WantCredentials> questions_;  // mutex_
  std::set<std::string> busy_;             // mutex_; hosts that are asked about
  std::size_t idle_ = 0;                   // mutex_
  std::vector<std::jthread> threads_;      // mutex_
};

}  // namespace tagdrift::registry
