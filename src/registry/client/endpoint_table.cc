#include "registry/client/endpoint_table.h"

#include <algorithm>
#include <random>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxEndpoints = 400;
constexpr std::size_t kMaxOrigins = 800;
constexpr std::size_t kMaxElsewhere = 100;
constexpr std::size_t kMaxOriginsElsewhere = 200;
// Longer than the longest pause of a rate limiter.
constexpr std::chrono::hours kIdle{2};

bool IsInUse(const std::shared_ptr<EndpointState>& state) {
  return state.use_count() > 1 || !state->waiting.empty() || !state->channel.expired();
}

std::string OriginOf(const Endpoint& endpoint) {
  return endpoint.scheme + "://" + endpoint.host + ":" + std::to_string(endpoint.port);
}

}  // namespace

EndpointTable::EndpointTable(const Client::Options& options)
    : options_(options), configured_(kMaxEndpoints, kMaxOrigins), elsewhere_(kMaxElsewhere, kMaxOriginsElsewhere) {}

EndpointTable::Table::Table(std::size_t most_endpoints, std::size_t most_origins)
    : origins(kIdle, most_origins, [](const auto& origin) { return origin.use_count() > 1; }),
      endpoints(kIdle, most_endpoints, IsInUse) {}

std::shared_ptr<EndpointState> EndpointTable::At(const Endpoint& endpoint, SteadyTime now) {
  Table& table = endpoint.detour.from.empty() ? configured_ : elsewhere_;
  std::shared_ptr<EndpointState>& state = table.endpoints.At(endpoint, now);
  if (state) return state;
  std::shared_ptr<OriginState>& origin = table.origins.At({OriginOf(endpoint), endpoint.detour.from}, now);
  if (!origin) {
    origin.reset(new OriginState{.hints = {}, .limiter = RateLimiter(options_.politeness, std::random_device()())});
  }
  state = std::make_shared<EndpointState>();
  state->endpoint = endpoint;
  state->origin = origin;
  return state;
}

std::shared_ptr<Channel> EndpointTable::ChannelFor(const Job& job) {
  EndpointState& state = *job.endpoint;
  if (std::shared_ptr<Channel> channel = state.channel.lock()) return channel;
  auto channel = std::make_shared<Channel>();
  channel->tls.trust = job.network->trust();
  channel->tls.host = job.host;
  channel->settings = {.endpoint = state.endpoint,
                       .tls = &channel->tls,
                       .connect_timeout = options_.connect_timeout,
                       .request_timeout = options_.request_timeout};
  channel->limiter = std::shared_ptr<RateLimiter>(state.origin, &state.origin->limiter);
  channel->concurrency = static_cast<std::size_t>(std::max(1, options_.politeness.concurrency));
  state.channel = channel;
  return channel;
}

void EndpointTable::ExtractWaiting(const std::function<bool(const Job&)>& wanted, Jobs& out) {
  for (Table* table : {&configured_, &elsewhere_}) {
    table->endpoints.ForEach([&](const Endpoint&, const std::shared_ptr<EndpointState>& state) {
      ExtractJobs(state->waiting, wanted, out);
    });
  }
}

void EndpointTable::Expire(SteadyTime now) {
  for (Table* table : {&configured_, &elsewhere_}) {
    table->endpoints.Expire(now);
    table->origins.Expire(now);
  }
}

}  // namespace tagdrift::registry
