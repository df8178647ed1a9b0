// Batches, what comes in from other threads, and the end of things. The way of a job is in dispatcher_jobs.cc.
#include "registry/client/dispatcher.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>

#include "registry/client/batch.h"
#include "registry/client/outcome.h"

namespace tagdrift::registry {
namespace {

// Threads end after 45 to 60 seconds without work.
constexpr std::chrono::seconds kThreadIdle{45};
constexpr std::chrono::seconds kExpiryInterval{15};
constexpr std::chrono::hours kLongestWait{24};
constexpr std::size_t kContentBytes = 64 << 20;

}  // namespace

Dispatcher::Dispatcher(Options options, std::shared_ptr<const CredentialSource> credentials)
    : options_(std::move(options)),
      endpoints_(options_),
      credentials_(
          std::move(credentials),
          [this](std::uint64_t lookup, CredentialAnswer answer) { OnCredentials(lookup, std::move(answer)); },
          options_.clock),
      workers_([this](WorkerSlot& slot, OrderResult result) { OnResult(slot, std::move(result)); },
               [this](std::uint64_t id) { OnSilence(id); }, options_.clock) {}

Dispatcher::~Dispatcher() {
  std::vector<std::unique_ptr<WorkerSlot>> workers;
  std::unique_ptr<CredentialLookupPool> lookups;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    workers = workers_.TakeAll();
    lookups = credentials_.TakeLookups();
  }
  expiry_ = {};
  lookups.reset();
  workers.clear();
  // A job keeps the endpoint alive that keeps it.
  Jobs waiting;
  endpoints_.ExtractWaiting([](const Job&) { return true; }, waiting);
}

std::unique_ptr<Batch> Dispatcher::Open(RateClass rate_class, std::shared_ptr<const Network> network,
                                        const CallContext& context, std::shared_ptr<ByteBudget> content) {
  if (!network) network = std::make_shared<Network>();
  if (!content) content = std::make_shared<ByteBudget>(kContentBytes);
  const std::string trust_key = TrustKeyOf(*network);
  const std::lock_guard lock(mutex_);
  auto batch = std::make_shared<BatchState>(rate_class, networks_.Of(std::move(network), trust_key), context,
                                            std::move(content));
  batches_.insert(batch);
  if (!expiry_.joinable()) {
    expiry_ = std::jthread([this](const std::stop_token& stop) { ExpireNowAndThen(stop); });
  }
  return std::make_unique<DispatchedBatch>(*this, std::move(batch));
}

void Dispatcher::Send(const std::shared_ptr<BatchState>& batch, TicketedRequest request) {
  const std::lock_guard lock(mutex_);
  batch->queue.Push(std::move(request));
  admitting_.insert(batch);
  Resume();
}

std::optional<std::pair<std::uint64_t, Reply>> Dispatcher::Receive(const std::shared_ptr<BatchState>& batch) {
  const CallContext& context = batch->context;
  std::unique_lock lock(mutex_);
  while (batch->replies.empty()) {
    const SteadyTime now = Now();
    if (context.Ended(now)) return std::nullopt;
    // What is left of the deadline by the client's clock is waited for in real time.
    const auto left = std::min<std::chrono::nanoseconds>(context.Left(now), kLongestWait);
    batch->replied.wait_until(lock, context.stop, std::chrono::steady_clock::now() + left,
                              [&batch] { return !batch->replies.empty(); });
  }
  if (context.stop.stop_requested()) return std::nullopt;
  ReadyReply ready = std::move(batch->replies.front());
  batch->replies.pop_front();
  batch->queue.Taken(ready.host.get(), ready.for_content, ready.reply.body.size());
  admitting_.insert(batch);
  Resume();
  return std::pair(ready.ticket, std::move(ready.reply));
}

void Dispatcher::End(const std::shared_ptr<BatchState>& batch) {
  std::vector<std::uint64_t> lookups;
  AdmissionQueue queue(0);
  std::deque<ReadyReply> replies;
  {
    const std::lock_guard lock(mutex_);
    batch->ended = true;
    batches_.erase(batch);
    admitting_.erase(batch);
    std::swap(queue, batch->queue);
    std::swap(replies, batch->replies);
    Cancel([&batch](const Job& job) { return job.batch == batch; });
    Cancel([this](const Job& job) { return !job.batch && !tokens_.IsWanted(job); });
    lookups = credentials_.TakeUnwanted();
    Resume();
  }
  for (const std::uint64_t lookup : lookups) credentials_.lookups()->Cancel(lookup);
}

void Dispatcher::Cancel(const Wanted& wanted) {
  Jobs cancelled;
  for (auto entry = under_way_.begin(); entry != under_way_.end();) {
    if (wanted(*entry->second)) {
      workers_.Cancel(entry->first);
      cancelled.push_back(std::move(entry->second));
      entry = under_way_.erase(entry);
    } else {
      ++entry;
    }
  }
  endpoints_.ExtractWaiting(wanted, cancelled);
  logins_.ExtractWaiting(wanted, cancelled);
  tokens_.ExtractWaiting(wanted, cancelled);
  credentials_.ExtractWaiting(wanted, cancelled);
  ExtractJobs(released_, wanted, cancelled);
  for (const JobPtr& job : cancelled) GiveUpRoles(*job);
}

void Dispatcher::GiveUpRoles(Job& job) {
  Release(logins_.Abandon(job, Now()));
  if (!std::exchange(job.first_contact, false)) return;
  job.endpoint->breaker.Abandon();
  Release(std::exchange(job.endpoint->waiting, {}));
}

bool Dispatcher::IsUnwanted(const Job& job) const { return job.batch ? job.batch->ended : !tokens_.IsWanted(job); }

void Dispatcher::OnResult(WorkerSlot& slot, OrderResult result) {
  JobPtr job;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    counts_.connections += static_cast<std::uint64_t>(result.connections);
    if (const auto found = under_way_.find(result.id); found != under_way_.end()) {
      job = std::move(found->second);
      under_way_.erase(found);
      if (job->batch && job->endpoint->endpoint.detour.from.empty())
        CountOutcome(job->host->host, *result.response, counts_.outcomes);
    } else {
      workers_.Finished(slot, result.id);
      return;
    }
  }
  // Parsing and hashing need no lock.
  std::variant<Exchange::Step, TokenFetch::Step> step;
  if (auto* exchange = std::get_if<Exchange>(&job->protocol)) {
    step = exchange->OnResponse(*result.response);
  } else {
    step = std::get<TokenFetch>(job->protocol).OnResponse(*result.response);
  }
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  LimitChain(*job, result.response->latency);
  Learn(*job, *result.response);
  if (IsUnwanted(*job)) {
    GiveUpRoles(*job);
  } else {
    std::visit([&](auto& next) { Advance(std::move(job), std::move(next)); }, step);
  }
  Resume();
  workers_.Finished(slot, result.id);
}

void Dispatcher::LimitChain(Job& job, absl::Duration first_latency) const {
  const bool redirected = std::visit([](const auto& protocol) { return protocol.redirected(); }, job.protocol);
  if (!redirected) {
    job.chain_ends.reset();
  } else if (!job.chain_ends) {
    job.chain_ends = Now() + absl::ToChronoNanoseconds(options_.request_timeout - first_latency);
  }
}

void Dispatcher::OnSilence(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = under_way_.find(id);
  if (stopping_ || found == under_way_.end() || !found->second->first_contact) return;
  EndpointState& endpoint = *found->second->endpoint;
  endpoint.breaker.AllowAnotherContact();
  if (endpoint.waiting.empty()) return;
  released_.push_back(std::move(endpoint.waiting.front()));
  endpoint.waiting.erase(endpoint.waiting.begin());
  Resume();
}

void Dispatcher::OnCredentials(std::uint64_t lookup, CredentialAnswer answer) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  for (JobPtr& job : credentials_.Arrived(lookup, answer, Now())) {
    Exchange::Step step = std::get<Exchange>(job->protocol).OnCredentials(answer);
    Advance(std::move(job), std::move(step));
  }
  Resume();
}

void Dispatcher::ExpireNowAndThen(const std::stop_token& stop) {
  // Signals are the main thread's.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (options_.clock->WaitUntil(Now() + kExpiryInterval, stop)) {
    std::vector<std::unique_ptr<WorkerSlot>> idle_workers;
    CredentialLookupPool* lookups = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      const SteadyTime now = Now();
      idle_workers = workers_.TakeIdle(kThreadIdle);
      endpoints_.Expire(now);
      logins_.Expire(now);
      tokens_.Expire(now);
      credentials_.Expire(now);
      lookups = credentials_.lookups();
    }
    if (lookups != nullptr) lookups->EndIdle(kThreadIdle);
  }
}

Client::Counts Dispatcher::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.batches = batches_.size();
  counts.under_way = under_way_.size();
  counts.threads = workers_.threads() + (credentials_.lookups() == nullptr ? 0 : credentials_.lookups()->threads());
  counts.endpoints = endpoints_.size();
  for (const auto& batch : batches_) counts.hosts += batch->queue.hosts();
  counts.tokens = tokens_.size();
  counts.logins = logins_.size();
  counts.credentials = credentials_.size();
  counts.trust_stores = networks_.trust_stores();
  return counts;
}

}  // namespace tagdrift::registry
