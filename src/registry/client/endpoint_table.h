#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "registry/auth/endpoint_hints.h"
#include "registry/client/job.h"
#include "registry/expiring_map.h"
#include "registry/http/channel.h"
#include "registry/http/circuit_breaker.h"
#include "registry/http/endpoint.h"
#include "registry/http/rate_limiter.h"

namespace tagdrift::registry {

/// What is remembered of a server, however it is reached. What a host leads to by redirects and realms has one of its
/// own, so that it cannot have another host's server taken for unwell.
struct OriginState {
  EndpointHints hints;
  RateLimiter limiter;
};

/// What is remembered of an endpoint, and who waits for its first contact.
struct EndpointState {
  Endpoint endpoint;
  std::shared_ptr<OriginState> origin;
  CircuitBreaker breaker;
  Jobs waiting;
  std::weak_ptr<Channel> channel;
};

/// The endpoints that are in use or were not long ago. Used by one thread at a time.
class EndpointTable {
 public:
  explicit EndpointTable(const Client::Options& options);

  std::shared_ptr<EndpointState> At(const Endpoint& endpoint, SteadyTime now);
  /// The channel that requests of `job` to its endpoint are sent on: made anew where none is in use.
  std::shared_ptr<Channel> ChannelFor(const Job& job);

  void ExtractWaiting(const std::function<bool(const Job&)>& wanted, Jobs& out);
  void Expire(SteadyTime now);
  std::size_t size() const { return configured_.endpoints.size() + elsewhere_.endpoints.size(); }

 private:
  struct Table {
    Table(std::size_t most_endpoints, std::size_t most_origins);

    ExpiringMap<std::pair<std::string, std::string>, std::shared_ptr<OriginState>> origins;  ///< by Detour::from too
    ExpiringMap<Endpoint, std::shared_ptr<EndpointState>> endpoints;
  };

  const Client::Options& options_;
  Table configured_;
  Table elsewhere_;  ///< where redirects and realms lead: nothing that is configured is forgotten for it
};

}  // namespace tagdrift::registry
