#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "registry/auth/login_throttle.h"
#include "registry/client/job.h"
#include "registry/expiring_map.h"

namespace tagdrift::registry {

/// The throttles of all logins, with the jobs that wait until another has tried theirs. Used by one thread at a time.
class SharedLogins {
 public:
  enum class Entry { kGo, kWait, kRefused };

  SharedLogins();

  /// Whether `job` may use the login it wants (Job::login). kWait: `job` was taken. kGo: it uses the login from now on,
  /// and what comes of that is to be told by Settle or Abandon.
  Entry Enter(JobPtr& job, SteadyTime now);
  /// What came of the login that `job` used for `repository`. Returns who may enter now.
  Jobs Settle(Job& job, LoginThrottle::Outcome outcome, const std::string& repository, SteadyTime now);
  /// Nothing will come of it. Returns who may enter now.
  Jobs Abandon(Job& job, SteadyTime now);

  void ExtractWaiting(const std::function<bool(const Job&)>& wanted, Jobs& out);
  void Expire(SteadyTime now) { logins_.Expire(now); }
  std::size_t size() const { return logins_.size(); }

 private:
  struct Login {
    LoginThrottle throttle;
    Jobs waiting;
  };

  ExpiringMap<LoginKey, Login> logins_;
};

}  // namespace tagdrift::registry
