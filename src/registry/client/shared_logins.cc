#include "registry/client/shared_logins.h"

#include <utility>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxLogins = 1000;
// Longer than a refused login is left alone.
constexpr std::chrono::hours kIdle{1};

}  // namespace

SharedLogins::SharedLogins()
    : logins_(kIdle, kMaxLogins, [](const Login& login) { return login.throttle.trying() || !login.waiting.empty(); }) {
}

SharedLogins::Entry SharedLogins::Enter(JobPtr& job, SteadyTime now) {
  Login& login = logins_.At(*job->login, now);
  switch (const LoginThrottle::Entry entry = login.throttle.Enter(now)) {
    case LoginThrottle::Entry::kWait:
      login.waiting.push_back(std::move(job));
      return Entry::kWait;
    case LoginThrottle::Entry::kTry:
    case LoginThrottle::Entry::kOpen:
      job->uses_login = std::exchange(job->login, std::nullopt);
      job->tries_login = entry == LoginThrottle::Entry::kTry;
      return Entry::kGo;
    case LoginThrottle::Entry::kRefused:
      job->login.reset();
      return Entry::kRefused;
  }
  return Entry::kRefused;
}

Jobs SharedLogins::Settle(Job& job, LoginThrottle::Outcome outcome, const std::string& repository, SteadyTime now) {
  if (!job.uses_login) return {};
  Login& login = logins_.At(*std::exchange(job.uses_login, std::nullopt), now);
  const bool tried = std::exchange(job.tries_login, false);
  // What says nothing ends the try of nobody else.
  if (outcome == LoginThrottle::Outcome::kUnknown && !tried) return {};
  login.throttle.Settle(outcome, repository, now);
  return login.throttle.trying() ? Jobs() : std::exchange(login.waiting, {});
}

Jobs SharedLogins::Abandon(Job& job, SteadyTime now) { return Settle(job, LoginThrottle::Outcome::kUnknown, {}, now); }

void SharedLogins::ExtractWaiting(const std::function<bool(const Job&)>& wanted, Jobs& out) {
  logins_.ForEach([&](const LoginKey&, Login& login) { ExtractJobs(login.waiting, wanted, out); });
}

}  // namespace tagdrift::registry
