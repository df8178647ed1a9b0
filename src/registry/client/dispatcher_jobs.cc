// The way of a job from step to step.
#include "registry/client/dispatcher.h"

namespace tagdrift::registry {
namespace {

TokenResult RefusedBefore(const TokenKey& key) {
  const std::optional<Url> realm = ParseUrl(key.realm);
  TokenResult result;
  result.failure = hosts::Failure::kToken;
  // Not `refused`: the cache would remember it for longer than the throttle does.
  result.wrong_login = true;
  result.detail = "token server " + (realm ? realm->host : "?") +
                  " refused these credentials for other repositories; not tried again for a while";
  return result;
}

LoginThrottle::Outcome OutcomeOf(const HttpResponse& response) {
  if (response.status == 401) return LoginThrottle::Outcome::kRefused;
  const bool says_nothing = response.status == 0 || response.status == 429 || response.status >= 500;
  return says_nothing ? LoginThrottle::Outcome::kUnknown : LoginThrottle::Outcome::kGood;
}

LoginThrottle::Outcome OutcomeOf(const TokenResult& result) {
  if (result.wrong_login) return LoginThrottle::Outcome::kRefused;
  const bool known = result.failure == hosts::Failure::kNone || result.refused;
  return known ? LoginThrottle::Outcome::kGood : LoginThrottle::Outcome::kUnknown;
}

}  // namespace

void Dispatcher::Begin(const std::shared_ptr<BatchState>& batch, TicketedRequest request) {
  const bool for_content = request.IsForContent();
  const std::shared_ptr<const hosts::RegistryHost> host = request.request.host;
  Exchange::Settings settings{.user_agent = options_.user_agent, .through_proxy = {}};
  if (batch->network->HasProxies()) {
    settings.through_proxy = [network = batch->network](const Url& url) { return network->UsesProxy(url); };
  }
  auto job = std::make_unique<Job>(Job{.protocol = Exchange(std::move(request.request), std::move(settings)),
                                       .batch = batch,
                                       .ticket = request.ticket,
                                       .for_content = for_content,
                                       .host = host,
                                       .network = batch->network});
  Exchange::Step first = std::get<Exchange>(job->protocol).Start();
  Advance(std::move(job), std::move(first));
}

void Dispatcher::Resume() {
  while (!released_.empty() || !admitting_.empty()) {
    if (released_.empty()) {
      const std::shared_ptr<BatchState> batch = *admitting_.begin();
      if (auto request = batch->queue.Next()) {
        Begin(batch, *std::move(request));
      } else {
        admitting_.erase(batch);
      }
      continue;
    }
    JobPtr job = std::move(released_.front());
    released_.pop_front();
    if (job->login) {
      LogIn(std::move(job));
    } else {
      const Url url = job->url;
      EnterEndpoint(std::move(job), url);
    }
  }
}

void Dispatcher::Release(Jobs jobs) { std::move(jobs.begin(), jobs.end(), std::back_inserter(released_)); }

void Dispatcher::Advance(JobPtr job, Exchange::Step step) {
  if (const auto* approach = std::get_if<Approach>(&step)) {
    EnterEndpoint(std::move(job), approach->url);
  } else if (auto* request = std::get_if<HttpRequest>(&step)) {
    Post(std::move(job), std::move(*request));
  } else if (const auto* question = std::get_if<CredentialQuestion>(&step)) {
    FindCredentials(std::move(job), *question);
  } else if (auto* login = std::get_if<WantLogin>(&step)) {
    job->login = std::move(login->key);
    LogIn(std::move(job));
  } else if (const auto* token = std::get_if<WantToken>(&step)) {
    GetToken(std::move(job), *token);
  } else {
    Finish(*job, std::move(std::get<Reply>(step)));
  }
}

void Dispatcher::Advance(JobPtr job, TokenFetch::Step step) {
  if (auto* request = std::get_if<HttpRequest>(&step)) {
    const Url url = request->url;
    job->held = std::move(*request);
    EnterEndpoint(std::move(job), url);
    return;
  }
  const TokenKey& key = std::get<TokenFetch>(job->protocol).key();
  auto& result = std::get<TokenResult>(step);
  Release(logins_.Settle(*job, OutcomeOf(result), key.scopes.empty() ? "" : key.scopes.front(), Now()));
  HandOut(*job, std::move(result));
}

void Dispatcher::EnterEndpoint(JobPtr job, const Url& url) {
  job->url = url;
  const bool must_verify = job->held && job->held->must_verify;
  Detour detour = std::visit([](const auto& protocol) { return protocol.detour(); }, job->protocol);
  job->endpoint =
      endpoints_.At(EndpointOf(url, *job->host, job->network->WayTo(url), must_verify, std::move(detour)), Now());
  EndpointState& endpoint = *job->endpoint;
  switch (endpoint.breaker.Enter(Now())) {
    case CircuitBreaker::Entry::kWait:
      endpoint.waiting.push_back(std::move(job));
      return;
    case CircuitBreaker::Entry::kUnreachable:
      Deliver(std::move(job), endpoint.breaker.failure());
      return;
    case CircuitBreaker::Entry::kFirstContact:
      job->first_contact = true;
      [[fallthrough]];
    case CircuitBreaker::Entry::kGo:
      PlanOrSend(std::move(job));
      return;
  }
}

void Dispatcher::PlanOrSend(JobPtr job) {
  if (job->held) {
    HttpRequest request = *std::exchange(job->held, std::nullopt);
    Post(std::move(job), std::move(request));
    return;
  }
  EndpointState& endpoint = *job->endpoint;
  Exchange::Step step = std::get<Exchange>(job->protocol).Plan(endpoint.origin->hints);
  if (job->first_contact && !std::holds_alternative<HttpRequest>(step)) {
    // It has to get something first, from elsewhere: the others need not wait for that.
    job->first_contact = false;
    endpoint.breaker.Succeed();
    Release(std::exchange(endpoint.waiting, {}));
  }
  Advance(std::move(job), std::move(step));
}

void Dispatcher::Deliver(JobPtr job, const HttpResponse& response) {
  if (auto* exchange = std::get_if<Exchange>(&job->protocol)) {
    Exchange::Step step = exchange->OnResponse(response);
    Advance(std::move(job), std::move(step));
    return;
  }
  job->held.reset();
  TokenFetch::Step step = std::get<TokenFetch>(job->protocol).OnResponse(response);
  Advance(std::move(job), std::move(step));
}

void Dispatcher::Post(JobPtr job, HttpRequest request) {
  ++(request.for_token ? counts_.token_requests : counts_.requests);
  if (job->batch && request.method == Method::kGet) {
    request.hold = std::make_shared<ByteHold>(job->batch->content, job->host->host);
  }
  std::shared_ptr<Channel> channel = endpoints_.ChannelFor(*job);
  Order order{.id = next_order_++,
              .rate_class = job->rate_class(),
              .report_silence = job->first_contact,
              .ends = job->chain_ends,
              .request = std::move(request)};
  under_way_.emplace(order.id, std::move(job));
  workers_.Send(std::move(channel), std::move(order));
}

void Dispatcher::FindCredentials(JobPtr job, const CredentialQuestion& question) {
  if (std::optional<CredentialAnswer> known = credentials_.Find(question, Now())) {
    Exchange::Step step = std::get<Exchange>(job->protocol).OnCredentials(*std::move(known));
    Advance(std::move(job), std::move(step));
  } else {
    credentials_.Wait(question, std::move(job));
  }
}

void Dispatcher::LogIn(JobPtr job) {
  const SharedLogins::Entry entry = logins_.Enter(job, Now());
  if (entry == SharedLogins::Entry::kWait) return;
  const bool refused = entry == SharedLogins::Entry::kRefused;
  if (auto* exchange = std::get_if<Exchange>(&job->protocol)) {
    Exchange::Step step = exchange->OnLogin(refused);
    Advance(std::move(job), std::move(step));
  } else if (refused) {
    HandOut(*job, RefusedBefore(std::get<TokenFetch>(job->protocol).key()));
  } else {
    TokenFetch::Step step = std::get<TokenFetch>(job->protocol).Start();
    Advance(std::move(job), std::move(step));
  }
}

void Dispatcher::GetToken(JobPtr job, const WantToken& want) {
  if (const std::optional<TokenGrant> grant = tokens_.Find(*want.key, Now())) {
    Exchange::Step step = std::get<Exchange>(job->protocol).OnToken(*grant);
    Advance(std::move(job), std::move(step));
    return;
  }
  const std::shared_ptr<const hosts::RegistryHost> host = job->host;
  const std::shared_ptr<NetworkView> network = job->network;
  if (!tokens_.Wait(*want.key, std::move(job))) return;
  const bool skip_post = tokens_.WantsGet(want.key->realm, Now());
  auto fetch = std::make_unique<Job>(
      Job{.protocol = TokenFetch(*want.key, want.endpoint, options_.user_agent, skip_post, want.detour, want.innermost),
          .batch = nullptr,
          .host = host,
          .network = network});
  if (want.key->Anonymous()) {
    TokenFetch::Step first = std::get<TokenFetch>(fetch->protocol).Start();
    Advance(std::move(fetch), std::move(first));
  } else {
    fetch->login = LoginKey{want.key->realm, want.key->credential};
    LogIn(std::move(fetch));
  }
}

void Dispatcher::HandOut(const Job& fetch, TokenResult result) {
  const TokenGrant grant{.result = std::make_shared<TokenResult>(std::move(result)), .young = true};
  const TokenKey& key = std::get<TokenFetch>(fetch.protocol).key();
  for (JobPtr& job : tokens_.Arrived(key, fetch.network.get(), grant, Now())) {
    Exchange::Step step = std::get<Exchange>(job->protocol).OnToken(grant);
    Advance(std::move(job), std::move(step));
  }
}

void Dispatcher::Finish(const Job& job, Reply reply) {
  if (reply.answer.asked_at == absl::Time()) reply.answer.asked_at = options_.clock->Wall();
  const auto& exchange = std::get<Exchange>(job.protocol);
  const Credential* used = exchange.credential();
  if (used != nullptr && reply.answer.access == hosts::Access::kCredentials && reply.answer.status / 100 == 2) {
    credentials_.Prefer(exchange.credential_question(), *used, Now());
  }
  BatchState& batch = *job.batch;
  if (job.for_content) {
    batch.queue.ContentArrived(job.host.get(), reply.body.size());
    if (batch.queue.HasNext()) admitting_.insert(job.batch);
  }
  batch.replies.push_back(
      {.ticket = job.ticket, .reply = std::move(reply), .host = job.host, .for_content = job.for_content});
  batch.replied.notify_all();
}

void Dispatcher::Learn(Job& job, const HttpResponse& response) {
  bool fell_back = false;
  if (const auto* exchange = std::get_if<Exchange>(&job.protocol)) {
    EndpointHints& hints = job.endpoint->origin->hints;
    fell_back = exchange->fell_back();
    registry::Learn(hints, exchange->request().repository, response);
    if (fell_back) hints.plain_http = true;
    if (const auto& stale = exchange->stale_token()) tokens_.Forget(stale->first, stale->second, Now());
    Release(logins_.Settle(job, OutcomeOf(response), exchange->request().repository, Now()));
  }
  if (job.first_contact) SettleFirstContact(job, response, fell_back);
}

void Dispatcher::SettleFirstContact(Job& job, const HttpResponse& response, bool fell_back) {
  job.first_contact = false;
  CircuitBreaker& breaker = job.endpoint->breaker;
  if (!CircuitBreaker::IsUnreachable(response) || fell_back) {
    breaker.Succeed();
  } else if (breaker.contacting()) {
    breaker.Fail(response, Now());
  }
  Release(std::exchange(job.endpoint->waiting, {}));
}

}  // namespace tagdrift::registry
