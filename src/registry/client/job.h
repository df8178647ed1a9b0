#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "registry/auth/login_throttle.h"
#include "registry/auth/token_fetch.h"
#include "registry/client/batch_state.h"
#include "registry/client/network_view.h"
#include "registry/exchange/exchange.h"
#include "registry/http/http_message.h"

namespace tagdrift::registry {

struct EndpointState;

/// An exchange of a batch, or a token fetch for whoever waits for the token, with what it needs on its way.
struct Job {
  std::variant<Exchange, TokenFetch> protocol;
  std::shared_ptr<BatchState> batch;  ///< null for a token fetch
  std::uint64_t ticket = 0;
  bool for_content = false;
  std::shared_ptr<const hosts::RegistryHost> host;
  std::shared_ptr<NetworkView> network;

  std::optional<SteadyTime> chain_ends = {};     ///< time limit of the redirects that it follows
  Url url = {};                                  ///< what it waits for, or asks
  std::shared_ptr<EndpointState> endpoint = {};  ///< of `url`
  bool first_contact = false;                    ///< it is the first contact with `endpoint`
  std::optional<HttpRequest> held = {};          ///< a token request, to be sent when `endpoint` has been reached
  std::optional<LoginKey> login = {};            ///< waits for it
  std::optional<LoginKey> uses_login = {};       ///< what the request under way logs in with
  bool tries_login = false;                      ///< others wait for what comes of `uses_login`

  /// What it asks is urgent as its batch is. Tokens go first: requests of any class may wait for them.
  RateClass rate_class() const { return batch ? batch->rate_class : RateClass::kAction; }
};
using JobPtr = std::unique_ptr<Job>;
using Jobs = std::vector<JobPtr>;

/// Moves those that `wanted` is true for from `jobs` to `out`.
template <typename Container, typename Predicate>
void ExtractJobs(Container& jobs, const Predicate& wanted, Jobs& out) {
  Container kept;
  for (JobPtr& job : jobs)
    (wanted(*job) ? static_cast<void>(out.push_back(std::move(job)))
                  : static_cast<void>(kept.push_back(std::move(job))));
  jobs = std::move(kept);
}

}  // namespace tagdrift::registry
