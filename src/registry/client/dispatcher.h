#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "registry/client/batch_state.h"
#include "registry/client/endpoint_table.h"
#include "registry/client/job.h"
#include "registry/client/network_view.h"
#include "registry/client/shared_credentials.h"
#include "registry/client/shared_logins.h"
#include "registry/client/shared_tokens.h"
#include "registry/client/worker_pool.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

/// Carries the jobs of all batches from step to step: sends their requests through the worker of the endpoint, holds
/// them back while a first contact is under way, a token is being fetched, credentials are looked up or a login is
/// tried by another, and hands out what they end with.
class Dispatcher : public Client {
 public:
  Dispatcher(Options options, std::shared_ptr<const CredentialSource> credentials);
  ~Dispatcher() override;

  std::unique_ptr<Batch> Open(RateClass rate_class, std::shared_ptr<const Network> network, const CallContext& context,
                              std::shared_ptr<ByteBudget> content) override;
  Counts counts() const override;

  // For batches.
  void Send(const std::shared_ptr<BatchState>& batch, TicketedRequest request);
  std::optional<std::pair<std::uint64_t, Reply>> Receive(const std::shared_ptr<BatchState>& batch);
  void End(const std::shared_ptr<BatchState>& batch);

 private:
  using Wanted = std::function<bool(const Job&)>;

  // On threads of workers and lookups, without the lock.
  void OnResult(WorkerSlot& slot, OrderResult result);
  void OnSilence(std::uint64_t id);
  void OnCredentials(std::uint64_t lookup, CredentialAnswer answer);
  void ExpireNowAndThen(const std::stop_token& stop);

  // The rest with mutex_ held.
  SteadyTime Now() const { return options_.clock->Steady(); }
  void Begin(const std::shared_ptr<BatchState>& batch, TicketedRequest request);
  /// Lets those go on that no longer have to wait, until there are none.
  void Resume();
  void Release(Jobs jobs);

  void Advance(JobPtr job, Exchange::Step step);
  void Advance(JobPtr job, TokenFetch::Step step);
  void EnterEndpoint(JobPtr job, const Url& url);
  void PlanOrSend(JobPtr job);
  void Deliver(JobPtr job, const HttpResponse& response);
  void Post(JobPtr job, HttpRequest request);
  void FindCredentials(JobPtr job, const CredentialQuestion& question);
  void LogIn(JobPtr job);
  void GetToken(JobPtr job, const WantToken& want);
  void HandOut(const Job& fetch, TokenResult result);
  void Finish(const Job& job, Reply reply);

  /// What a response tells about more than its own request.
  void Learn(Job& job, const HttpResponse& response);
  /// A chain of redirects has the time of one request, its first one included.
  void LimitChain(Job& job, absl::Duration first_latency) const;
  void SettleFirstContact(Job& job, const HttpResponse& response, bool fell_back);

  /// Nobody waits for what it brings.
  bool IsUnwanted(const Job& job) const;
  void Cancel(const Wanted& wanted);
  void GiveUpRoles(Job& job);

  const Options options_;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::set<std::shared_ptr<BatchState>> batches_;
  NetworkViews networks_;
  EndpointTable endpoints_;
  SharedLogins logins_;
  SharedTokens tokens_;
  SharedCredentials credentials_;
  WorkerPool workers_;
  std::map<std::uint64_t, JobPtr> under_way_;        ///< with the workers, by order
  std::deque<JobPtr> released_;                      ///< what they waited for is settled
  std::set<std::shared_ptr<BatchState>> admitting_;  ///< may have requests that can begin
  std::uint64_t next_order_ = 0;
  Counts counts_;
  std::jthread expiry_;  ///< started with the first batch
};

}  // namespace tagdrift::registry
