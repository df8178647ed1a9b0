#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "registry/test_server.h"

namespace tagdrift::agent {

/// What a hostile registry does to whoever asks it.
enum class Hostility {
  kHugeManifests,   ///< another one for each tag
  kRedirectFarm,    ///< leads each tag to a name of its own that does not answer
  kHungAnswers,     ///< some tags get no answer
  kDrippedBodies,   ///< content comes byte by byte
  kBogusLengths,    ///< content of another length than announced
  kEndlessHeaders,  ///< of an answer's head there is no end
  kInvalidJson,     ///< content of the right digest that no parser should follow
  kRealmLoop,       ///< wants tokens, again and again
  kRateLimits,      ///< 429 and 503 with odd ideas of when to come back
};

inline constexpr Hostility kHostilities[] = {
    Hostility::kHugeManifests, Hostility::kRedirectFarm, Hostility::kHungAnswers,
    Hostility::kDrippedBodies, Hostility::kBogusLengths, Hostility::kEndlessHeaders,
    Hostility::kInvalidJson,   Hostility::kRealmLoop,    Hostility::kRateLimits};

std::string NameOf(Hostility hostility);

/// A registry on a loopback port of its own that has any repository, with the tags v0 to v5.
class HostileRegistry {
 public:
  explicit HostileRegistry(Hostility hostility);
  /// Lets go what it keeps waiting.
  ~HostileRegistry();
  HostileRegistry(const HostileRegistry&) = delete;
  HostileRegistry& operator=(const HostileRegistry&) = delete;

  std::string Url() const { return "http://" + server_->Authority(); }
  int requests() const { return requests_; }

 private:
  registry::Scripted Answer(const registry::Received& request);
  registry::Scripted Redirect(const registry::Received& request);
  registry::Scripted Deliver(const registry::Received& request, int count);
  registry::Scripted LimitRate(int count) const;
  registry::Scripted WantToken(const registry::Received& request, int count);
  /// Returns after `time`, or when this is being destroyed.
  void Wait(std::chrono::milliseconds time);
  const std::string& DocumentOf(const std::string& object) const;

  const Hostility hostility_;
  std::vector<std::string> documents_;
  std::map<std::string, std::size_t> by_digest_;
  std::atomic<int> requests_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::unique_ptr<registry::TestServer> server_;
};

}  // namespace tagdrift::agent
