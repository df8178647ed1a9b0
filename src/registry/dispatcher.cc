#include "registry/dispatcher.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <random>

#include "absl/time/clock.h"
#include "registry/proxy_rules.h"

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxWorkers = 32;
constexpr std::size_t kMaxPlaces = 1024;
// Somewhat more than a worker has under way at once, so that it never waits for us.
constexpr std::size_t kBegun = 300;

std::chrono::steady_clock::time_point Now() { return std::chrono::steady_clock::now(); }

std::size_t Concurrency(const Politeness& politeness) {
  return static_cast<std::size_t>(std::max(1, politeness.concurrency));
}

TokenResult RefusedBefore(const TokenKey& key) {
  const std::optional<Url> realm = ParseUrl(key.realm);
  TokenResult result;
  result.failure = hosts::Failure::kToken;
  // Not `refused`: the book would remember it beyond the gate's time.
  result.wrong_login = true;
  result.detail = "token server " + (realm ? realm->host : "?") +
                  " refused these credentials for other repositories; not tried again for a while";
  return result;
}

LoginGate::Outcome OutcomeOf(const HttpResponse& response) {
  if (response.status == 401) return LoginGate::Outcome::kRefused;
  const bool says_nothing = response.status == 0 || response.status == 429 || response.status >= 500;
  return says_nothing ? LoginGate::Outcome::kUnknown : LoginGate::Outcome::kGood;
}

LoginGate::Outcome OutcomeOf(const TokenResult& result) {
  if (result.wrong_login) return LoginGate::Outcome::kRefused;
  const bool known = result.failure == hosts::Failure::kNone || result.refused;
  return known ? LoginGate::Outcome::kGood : LoginGate::Outcome::kUnknown;
}

}  // namespace

Dispatcher::Dispatcher(Options options, std::shared_ptr<const CredentialSource> credentials,
                       std::unique_ptr<TrustStore> trust)
    : options_(std::move(options)), trust_(std::move(trust)) {
  staff_.reserve(kMaxWorkers);
  if (credentials) {
    desk_ = std::make_unique<CredentialDesk>(
        std::move(credentials),
        [this](const WantCredentials& question, CredentialAnswer answer) { Found(question, std::move(answer)); });
  }
}

Dispatcher::~Dispatcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  desk_.reset();
  staff_.clear();
  // Who waits at a place keeps it alive.
  for (auto& [endpoint, place] : places_) place->waiting.clear();
}

void Dispatcher::Send(std::uint64_t ticket, Request request) {
  Query query{ticket, std::move(request)};
  {
    const std::lock_guard lock(mutex_);
    Lineup& lineup = lineups_[query.request.host.get()];
    if (lineup.begun >= kBegun) {
      lineup.waiting.push_back(std::move(query));
      return;
    }
    ++lineup.begun;
  }
  Begin(std::move(query));
}

void Dispatcher::Begin(Query query) {
  const std::shared_ptr<const hosts::RegistryHost> host = query.request.host;
  Exchange::Settings settings{.user_agent = options_.user_agent, .through_proxy = {}};
  if (!options_.proxy_environment.empty()) {
    settings.through_proxy = [this](const Url& url) { return !ProxyFor(url, options_.proxy_environment).empty(); };
  }
  auto job = std::make_unique<Job>(Job{.ticket = query.ticket,
                                       .host = host,
                                       .talk = Exchange(std::move(query.request), std::move(settings)),
                                       .url = {},
                                       .place = {},
                                       .held = {},
                                       .login = {},
                                       .uses_login = {}});
  Exchange::Step first = std::get<Exchange>(job->talk).Start();
  const std::lock_guard lock(mutex_);
  Advance(std::move(job), std::move(first));
  Resume();
}

std::optional<std::pair<std::uint64_t, Reply>> Dispatcher::Receive(absl::Time deadline, std::stop_token stop) {
  const absl::Duration left = std::clamp(deadline - absl::Now(), absl::ZeroDuration(), absl::Hours(24 * 365));
  const auto until = Now() + absl::ToChronoMicroseconds(left);
  std::unique_lock lock(mutex_);
  replied_.wait_until(lock, stop, until, [this] { return !replies_.empty(); });
  if (replies_.empty()) return std::nullopt;
  Answered answered = std::move(replies_.front());
  replies_.pop_front();
  const auto lineup = lineups_.find(answered.host.get());
  if (!lineup->second.waiting.empty()) {
    Query next = std::move(lineup->second.waiting.front());
    lineup->second.waiting.pop_front();
    lock.unlock();
    Begin(std::move(next));
  } else if (--lineup->second.begun == 0) {
    lineups_.erase(lineup);
  }
  return std::pair(answered.ticket, std::move(answered.reply));
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
  Place& place = *job.place;
  bool fell_back = false;
  if (const auto* exchange = std::get_if<Exchange>(&job.talk)) {
    fell_back = exchange->fell_back();
    Learn(place.memory, exchange->request().repository, response);
    if (fell_back) place.memory.plain_http = true;
    if (const auto& stale = exchange->stale_token()) tokens_.Forget(stale->first, stale->second);
    SettleLogin(job, OutcomeOf(response), exchange->request().repository);
  }
  if (!job.alone) return;
  job.alone = false;
  if (Gate::Closes(response) && !fell_back) {
    place.gate.Close(response, Now());
  } else {
    place.gate.Open();
  }
  Release(place.waiting);
}

void Dispatcher::SettleLogin(Job& job, LoginGate::Outcome outcome, const std::string& repository) {
  if (!job.uses_login) return;
  Login& login = logins_[*std::exchange(job.uses_login, std::nullopt)];
  login.gate.Settle(outcome, repository, Now());
  if (!login.gate.trying()) Release(login.waiting);
}

void Dispatcher::Release(std::vector<JobPtr>& waiting) {
  std::move(waiting.begin(), waiting.end(), std::back_inserter(released_));
  waiting.clear();
}

void Dispatcher::Resume() {
  while (!released_.empty()) {
    JobPtr job = std::move(released_.front());
    released_.pop_front();
    if (job->login) {
      LogIn(std::move(job));
    } else {
      const Url url = job->url;
      Enter(std::move(job), url);
    }
  }
}

void Dispatcher::Advance(JobPtr job, Exchange::Step step) {
  if (const auto* approach = std::get_if<Approach>(&step)) {
    Enter(std::move(job), approach->url);
  } else if (auto* request = std::get_if<HttpRequest>(&step)) {
    Post(std::move(job), std::move(*request));
  } else if (const auto* want = std::get_if<WantCredentials>(&step)) {
    FindCredentials(std::move(job), *want);
  } else if (auto* login = std::get_if<WantLogin>(&step)) {
    job->login = std::move(login->key);
    LogIn(std::move(job));
  } else if (const auto* token = std::get_if<WantToken>(&step)) {
    GetToken(std::move(job), *token);
  } else {
    Finish(*job, std::move(std::get<Reply>(step)));
  }
}

void Dispatcher::Finish(const Job& job, Reply reply) {
  if (reply.answer.asked_at == absl::Time()) reply.answer.asked_at = absl::Now();
  const auto& exchange = std::get<Exchange>(job.talk);
  const Credential* used = exchange.credential();
  if (used != nullptr && reply.answer.access == hosts::Access::kCredentials && reply.answer.status / 100 == 2) {
    known_credentials_.Prefer(exchange.credential_question(), *used);
  }
  replies_.push_back({job.ticket, std::move(reply), job.host});
  replied_.notify_all();
}

void Dispatcher::Advance(JobPtr job, TokenFetch::Step step) {
  if (auto* request = std::get_if<HttpRequest>(&step)) {
    const Url url = request->url;
    job->held = std::move(*request);
    Enter(std::move(job), url);
    return;
  }
  const TokenKey key = std::get<TokenFetch>(job->talk).key();
  auto& result = std::get<TokenResult>(step);
  SettleLogin(*job, OutcomeOf(result), key.scopes.empty() ? "" : key.scopes.front());
  HandOut(key, std::move(result));
}

void Dispatcher::Enter(JobPtr job, const Url& url) {
  job->url = url;
  const bool must_verify = job->held && job->held->must_verify;
  job->place = PlaceAt(EndpointOf(url, *job->host, ProxyOf(url), must_verify), job->host);
  Place& place = *job->place;
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
      Continue(std::move(job));
      return;
  }
}

std::string Dispatcher::ProxyOf(const Url& url) {
  if (options_.proxy_environment.empty()) return {};
  if (proxies_.size() >= kMaxPlaces) proxies_.clear();
  const auto [entry, added] = proxies_.try_emplace(url.Origin());
  if (added) entry->second = ProxyFor(url, options_.proxy_environment);
  return entry->second;
}

void Dispatcher::Continue(JobPtr job) {
  if (job->held) {
    HttpRequest request = std::move(*job->held);
    job->held.reset();
    Post(std::move(job), std::move(request));
    return;
  }
  Place& place = *job->place;
  Exchange::Step step = std::get<Exchange>(job->talk).Plan(place.memory);
  if (job->alone && !std::holds_alternative<HttpRequest>(step)) {
    job->alone = false;
    place.gate.Open();
    Release(place.waiting);
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

void Dispatcher::FindCredentials(JobPtr job, const WantCredentials& want) {
  std::optional<CredentialAnswer> known = desk_ ? known_credentials_.Find(want, Now()) : CredentialAnswer();
  if (known) {
    Exchange::Step step = std::get<Exchange>(job->talk).OnCredentials(*std::move(known));
    Advance(std::move(job), std::move(step));
    return;
  }
  std::vector<JobPtr>& waiters = credential_waiters_[want];
  waiters.push_back(std::move(job));
  if (waiters.size() == 1) desk_->Ask(want);
}

void Dispatcher::Found(const WantCredentials& question, CredentialAnswer answer) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  answer = known_credentials_.Put(question, std::move(answer), Now());
  auto waiters = credential_waiters_.extract(question);
  if (!waiters) return;
  for (JobPtr& job : waiters.mapped()) {
    Exchange::Step step = std::get<Exchange>(job->talk).OnCredentials(answer);
    Advance(std::move(job), std::move(step));
  }
  Resume();
}

void Dispatcher::LogIn(JobPtr job) {
  if (logins_.size() >= kMaxPlaces) {
    std::erase_if(logins_, [](const auto& one) { return one.second.waiting.empty() && !one.second.gate.trying(); });
  }
  Login& login = logins_[*job->login];
  switch (login.gate.Enter(Now())) {
    case LoginGate::Entry::kWait:
      login.waiting.push_back(std::move(job));
      return;
    case LoginGate::Entry::kTry:
    case LoginGate::Entry::kOpen:
      job->uses_login = std::exchange(job->login, std::nullopt);
      GoOnWithLogin(std::move(job), false);
      return;
    case LoginGate::Entry::kRefused:
      job->login.reset();
      GoOnWithLogin(std::move(job), true);
      return;
  }
}

void Dispatcher::GoOnWithLogin(JobPtr job, bool refused) {
  if (auto* exchange = std::get_if<Exchange>(&job->talk)) {
    Exchange::Step step = exchange->OnLogin(refused);
    Advance(std::move(job), std::move(step));
  } else if (refused) {
    const TokenKey key = std::get<TokenFetch>(job->talk).key();
    HandOut(key, RefusedBefore(key));
  } else {
    TokenFetch::Step step = std::get<TokenFetch>(job->talk).Start();
    Advance(std::move(job), std::move(step));
  }
}

void Dispatcher::GetToken(JobPtr job, const WantToken& want) {
  if (const std::optional<TokenGrant> grant = tokens_.Find(*want.key, Now())) {
    Exchange::Step step = std::get<Exchange>(job->talk).OnToken(*grant);
    Advance(std::move(job), std::move(step));
    return;
  }
  std::vector<JobPtr>& waiters = token_waiters_[*want.key];
  waiters.push_back(std::move(job));
  if (waiters.size() == 1) FetchToken(*waiters.front(), want);
}

void Dispatcher::FetchToken(const Job& job, const WantToken& want) {
  auto fetch = std::make_unique<Job>(
      Job{.host = job.host,
          .talk = TokenFetch(*want.key, want.endpoint, options_.user_agent, tokens_.WantsGet(want.key->realm)),
          .url = {},
          .place = {},
          .held = {},
          .login = {},
          .uses_login = {}});
  if (want.key->Anonymous()) {
    TokenFetch::Step first = std::get<TokenFetch>(fetch->talk).Start();
    Advance(std::move(fetch), std::move(first));
  } else {
    fetch->login = LoginKey{want.key->realm, want.key->credential};
    LogIn(std::move(fetch));
  }
}

void Dispatcher::HandOut(const TokenKey& key, TokenResult result) {
  const TokenGrant grant{.result = std::make_shared<TokenResult>(std::move(result)), .young = true};
  tokens_.Store(key, grant.result, Now());
  auto waiters = token_waiters_.extract(key);
  if (!waiters) return;
  for (JobPtr& job : waiters.mapped()) {
    Exchange::Step step = std::get<Exchange>(job->talk).OnToken(grant);
    Advance(std::move(job), std::move(step));
  }
}

void Dispatcher::Post(JobPtr job, HttpRequest request) {
  ++(request.for_token ? counts_.token_requests : counts_.requests);
  std::shared_ptr<Place> place = job->place;
  const std::uint64_t id = next_id_++;
  under_way_.emplace(id, std::move(job));
  Assign(std::move(place), id, std::move(request));
}

std::shared_ptr<Dispatcher::Place> Dispatcher::PlaceAt(const Endpoint& endpoint,
                                                       const std::shared_ptr<const hosts::RegistryHost>& host) {
  if (const auto found = places_.find(endpoint); found != places_.end()) return found->second;
  if (places_.size() >= kMaxPlaces) {
    std::erase_if(places_, [](const auto& entry) { return entry.second.use_count() == 1; });
  }
  auto place = std::make_shared<Place>();
  place->lane = std::make_unique<Lane>(Lane{.settings = {.endpoint = endpoint,
                                                         .tls = nullptr,
                                                         .connect_timeout = options_.connect_timeout,
                                                         .request_timeout = options_.request_timeout},
                                            .tls = {.trust = trust_.get(), .host = host, .verified_name = {}},
                                            .budget = Budget(options_.politeness, std::random_device()()),
                                            .concurrency = Concurrency(options_.politeness)});
  place->lane->settings.tls = &place->lane->tls;
  places_.emplace(endpoint, place);
  return place;
}

void Dispatcher::Assign(std::shared_ptr<Place> place, std::uint64_t id, HttpRequest request) {
  if (place->worker == kNone) {
    const std::size_t free = FreeWorker();
    if (free == kNone) {
      overflow_.push_back({std::move(place), id, std::move(request)});
      return;
    }
    if (staff_[free].place) staff_[free].place->worker = kNone;
    staff_[free].place = place;
    place->worker = free;
  }
  ++staff_[place->worker].under_way;
  staff_[place->worker].worker->Take(place->lane.get(), id, std::move(request));
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
  for (Overflow& order : waiting) Assign(std::move(order.place), order.id, std::move(order.request));
}

}  // namespace tagdrift::registry
