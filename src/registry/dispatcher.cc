#include "registry/dispatcher.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "absl/time/clock.h"
#include "registry/proxy_rules.h"

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxWorkers = 32;

std::chrono::steady_clock::time_point Now() { return std::chrono::steady_clock::now(); }

}  // namespace

Dispatcher::Dispatcher(Options options, std::shared_ptr<const CredentialSource> credentials,
                       std::unique_ptr<TrustStore> trust)
    : options_(std::move(options)), credentials_(std::move(credentials)), trust_(std::move(trust)) {
  staff_.reserve(kMaxWorkers);
}

Dispatcher::~Dispatcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  staff_.clear();
}

void Dispatcher::Send(std::uint64_t ticket, Request request) {
  const std::shared_ptr<const hosts::RegistryHost> host = request.host;
  Exchange::Settings settings{.user_agent = options_.user_agent, .credential = {}};
  if (credentials_) {
    const CredentialAnswer found = credentials_->Find(host->host, request.repository);
    if (!found.candidates.empty()) settings.credential = found.candidates.front();
  }
  const std::optional<Url> url = ParseUrl(host->scheme + "://" + host->host);
  settings.through_proxy = url && !ProxyFor(*url, options_.proxy_environment).empty();
  auto job = std::make_unique<Job>(Job{.ticket = ticket,
                                       .host = host,
                                       .talk = Exchange(std::move(request), std::move(settings)),
                                       .url = {},
                                       .at = {},
                                       .held = {}});
  Exchange::Step first = std::get<Exchange>(job->talk).Start();
  const std::lock_guard lock(mutex_);
  Advance(std::move(job), std::move(first));
}

std::optional<std::pair<std::uint64_t, Reply>> Dispatcher::Receive(absl::Time deadline, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const absl::Duration left = std::clamp(deadline - absl::Now(), absl::ZeroDuration(), absl::Hours(24 * 365));
  const auto until = Now() + absl::ToChronoMicroseconds(left);
  replied_.wait_until(lock, stop, until, [this] { return !replies_.empty(); });
  if (replies_.empty()) return std::nullopt;
  std::pair<std::uint64_t, Reply> reply = std::move(replies_.front());
  replies_.pop_front();
  return reply;
}

Client::Counts Dispatcher::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Dispatcher::Arrived(std::size_t worker, std::uint64_t id, HttpResponse response, long connections) {
  JobPtr job;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    job = std::move(under_way_.at(id));
    under_way_.erase(id);
    counts_.connections += static_cast<std::uint64_t>(connections);
  }
  // Parsing and hashing need no lock.
  std::variant<Exchange::Step, TokenFetch::Step> step;
  if (auto* exchange = std::get_if<Exchange>(&job->talk)) {
    step = exchange->OnResponse(response);
  } else {
    step = std::get<TokenFetch>(job->talk).OnResponse(response);
  }
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  Settle(*job, response);
  std::visit([&](auto& next) { Advance(std::move(job), std::move(next)); }, step);
  Resume();
  --staff_[worker].under_way;
  AssignOverflow();
}

void Dispatcher::Settle(Job& job, const HttpResponse& response) {
  Place& place = PlaceOf(job);
  bool fell_back = false;
  if (const auto* exchange = std::get_if<Exchange>(&job.talk)) {
    fell_back = exchange->fell_back();
    Learn(place.memory, exchange->request().repository, response);
    if (fell_back) place.memory.plain_http = true;
    if (const auto& stale = exchange->stale_token()) tokens_.Forget(stale->first, stale->second);
  }
  if (!job.alone) return;
  job.alone = false;
  if (Gate::Closes(response) && !fell_back) {
    place.gate.Close(response, Now());
  } else {
    place.gate.Open();
  }
  Release(place);
}

void Dispatcher::Release(Place& place) {
  std::move(place.waiting.begin(), place.waiting.end(), std::back_inserter(released_));
  place.waiting.clear();
}

void Dispatcher::Resume() {
  while (!released_.empty()) {
    JobPtr job = std::move(released_.front());
    released_.pop_front();
    const Url url = job->url;
    Enter(std::move(job), url);
  }
}

void Dispatcher::Advance(JobPtr job, Exchange::Step step) {
  if (const auto* approach = std::get_if<Approach>(&step)) {
    Enter(std::move(job), approach->url);
  } else if (auto* request = std::get_if<HttpRequest>(&step)) {
    Post(std::move(job), std::move(*request));
  } else if (const auto* want = std::get_if<WantToken>(&step)) {
    GetToken(std::move(job), *want);
  } else {
    auto& reply = std::get<Reply>(step);
    if (reply.answer.asked_at == absl::Time()) reply.answer.asked_at = absl::Now();
    replies_.emplace_back(job->ticket, std::move(reply));
    replied_.notify_all();
  }
}

void Dispatcher::Advance(JobPtr job, TokenFetch::Step step) {
  if (auto* request = std::get_if<HttpRequest>(&step)) {
    const Url url = request->url;
    job->held = std::move(*request);
    Enter(std::move(job), url);
    return;
  }
  HandOut(std::get<TokenFetch>(job->talk).key(), std::get<TokenResult>(step));
}

void Dispatcher::Enter(JobPtr job, const Url& url) {
  job->url = url;
  job->at = EndpointOf(url, *job->host, ProxyFor(url, options_.proxy_environment), job->held && job->held->must_verify);
  Place& place = PlaceOf(*job);
  switch (place.gate.Enter(Now())) {
    case Gate::Entry::kWait:
      place.waiting.push_back(std::move(job));
      return;
    case Gate::Entry::kDead:
      Deliver(std::move(job), place.gate.failure());
      return;
    case Gate::Entry::kAlone:
      job->alone = true;
      [[fallthrough]];
    case Gate::Entry::kOpen:
      Continue(std::move(job), place);
      return;
  }
}

void Dispatcher::Continue(JobPtr job, Place& place) {
  if (job->held) {
    HttpRequest request = std::move(*job->held);
    job->held.reset();
    Post(std::move(job), std::move(request));
    return;
  }
  Exchange::Step step = std::get<Exchange>(job->talk).Plan(place.memory);
  if (job->alone && !std::holds_alternative<HttpRequest>(step)) {
    job->alone = false;
    place.gate.Open();
    Release(place);
  }
  Advance(std::move(job), std::move(step));
}

void Dispatcher::Deliver(JobPtr job, const HttpResponse& response) {
  if (auto* exchange = std::get_if<Exchange>(&job->talk)) {
    Exchange::Step step = exchange->OnResponse(response);
    Advance(std::move(job), std::move(step));
    return;
  }
  job->held.reset();
  TokenFetch::Step step = std::get<TokenFetch>(job->talk).OnResponse(response);
  Advance(std::move(job), std::move(step));
}

void Dispatcher::GetToken(JobPtr job, const WantToken& want) {
  if (const std::optional<TokenGrant> grant = tokens_.Find(want.key, Now())) {
    Exchange::Step step = std::get<Exchange>(job->talk).OnToken(*grant);
    Advance(std::move(job), std::move(step));
    return;
  }
  auto fetch = std::make_unique<Job>(
      Job{.host = job->host,
          .talk = TokenFetch(want.key, want.endpoint, options_.user_agent, tokens_.WantsGet(want.key.realm)),
          .url = {},
          .at = {},
          .held = {}});
  std::vector<JobPtr>& waiters = token_waiters_[want.key];
  waiters.push_back(std::move(job));
  if (waiters.size() > 1) return;
  TokenFetch::Step first = std::get<TokenFetch>(fetch->talk).Start();
  Advance(std::move(fetch), std::move(first));
}

void Dispatcher::HandOut(const TokenKey& key, const TokenResult& result) {
  if (result.failure == hosts::Failure::kNone) tokens_.Store(key, result, Now());
  const auto found = token_waiters_.find(key);
  if (found == token_waiters_.end()) return;
  std::vector<JobPtr> waiters = std::move(found->second);
  token_waiters_.erase(found);
  for (JobPtr& job : waiters) {
    Exchange::Step step = std::get<Exchange>(job->talk).OnToken({.result = result, .young = true});
    Advance(std::move(job), std::move(step));
  }
}

void Dispatcher::Post(JobPtr job, HttpRequest request) {
  ++(request.for_token ? counts_.token_requests : counts_.requests);
  Place& place = PlaceOf(*job);
  const std::uint64_t id = next_id_++;
  under_way_.emplace(id, std::move(job));
  Assign(place, id, std::move(request));
}

Dispatcher::Place& Dispatcher::PlaceOf(const Job& job) {
  Place& place = places_[job.at];
  if (!place.lane) {
    place.lane = std::make_unique<Lane>(Lane{.settings = {.endpoint = job.at,
                                                          .tls = nullptr,
                                                          .connect_timeout = options_.connect_timeout,
                                                          .request_timeout = options_.request_timeout},
                                             .tls = {.trust = trust_.get(), .host = job.host, .verified_name = {}}});
    place.lane->settings.tls = &place.lane->tls;
  }
  return place;
}

void Dispatcher::Assign(Place& place, std::uint64_t id, HttpRequest request) {
  if (place.worker == kNone) {
    const std::size_t free = FreeWorker();
    if (free == kNone) {
      overflow_.push_back({&place, id, std::move(request)});
      return;
    }
    if (staff_[free].place != nullptr) staff_[free].place->worker = kNone;
    staff_[free].place = &place;
    place.worker = free;
  }
  ++staff_[place.worker].under_way;
  staff_[place.worker].worker->Take(place.lane.get(), id, std::move(request));
}

std::size_t Dispatcher::FreeWorker() {
  if (staff_.size() == kMaxWorkers) {
    for (std::size_t i = 0; i < staff_.size(); ++i) {
      if (staff_[i].under_way == 0) return i;
    }
    return kNone;
  }
  const std::size_t index = staff_.size();
  staff_.push_back(
      {.worker = std::make_unique<Worker>([this, index](std::uint64_t id, HttpResponse response, long opened) {
         Arrived(index, id, std::move(response), opened);
       })});
  return index;
}

void Dispatcher::AssignOverflow() {
  std::deque<Overflow> waiting = std::move(overflow_);
  overflow_.clear();
  for (Overflow& order : waiting) Assign(*order.place, order.id, std::move(order.request));
}

}  // namespace tagdrift::registry
