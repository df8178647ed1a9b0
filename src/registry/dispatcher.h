#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "registry/credential_desk.h"
#include "registry/credential_memory.h"
#include "registry/endpoint.h"
#include "registry/endpoint_memory.h"
#include "registry/exchange.h"
#include "registry/gate.h"
#include "registry/login_gate.h"
#include "registry/token_book.h"
#include "registry/token_fetch.h"
#include "registry/trust_store.h"
#include "registry/worker.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

/// Carries exchanges from step to step: sends their requests through the worker of the endpoint, holds them back while
/// a first contact is under way, a token is being fetched or a login tried by another, and hands out what they end
/// with.
class Dispatcher : public Client {
 public:
  Dispatcher(Options options, std::shared_ptr<const CredentialSource> credentials, std::unique_ptr<TrustStore> trust);
  ~Dispatcher() override;

  void Send(std::uint64_t ticket, Request request) override;
  std::optional<std::pair<std::uint64_t, Reply>> Receive(absl::Time deadline, std::stop_token stop) override;
  Counts counts() const override;

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Place;

  /// An exchange or a token fetch with what it needs on its way.
  struct Job {
    std::uint64_t ticket = 0;
    std::shared_ptr<const hosts::RegistryHost> host;
    std::variant<Exchange, TokenFetch> talk;
    Url url;                             ///< what it waits for, or asks
    std::shared_ptr<Place> place;        ///< of `url`
    bool alone = false;                  ///< is the first contact with `place`
    std::optional<HttpRequest> held;     ///< a token request, to be sent when `place` opens
    std::optional<LoginKey> login;       ///< waits for it
    std::optional<LoginKey> uses_login;  ///< what the request under way logs in with
  };
  using JobPtr = std::unique_ptr<Job>;

  /// What is known of an endpoint and who waits for its first contact.
  struct Place {
    Gate gate;
    EndpointMemory memory;
    std::vector<JobPtr> waiting;
    std::unique_ptr<Lane> lane;
    std::size_t worker = kNone;
  };
  /// A credential at the place that checks it, and who waits until it has proved good.
  struct Login {
    LoginGate gate;
    std::vector<JobPtr> waiting;
  };
  struct Staff {
    std::unique_ptr<Worker> worker;
    std::size_t under_way = 0;
    std::shared_ptr<Place> place;
  };
  struct Query {
    std::uint64_t ticket;
    Request request;
  };
  /// What was asked of one host: only so many questions are worked on as it can be sent at a time, and some in reserve.
  /// The others wait as they came, which takes a tenth of the memory.
  struct Lineup {
    std::size_t begun = 0;  ///< and not handed out yet
    std::deque<Query> waiting;
  };
  struct Answered {
    std::uint64_t ticket;
    Reply reply;
    std::shared_ptr<const hosts::RegistryHost> host;
  };
  struct Overflow {
    std::shared_ptr<Place> place;
    std::uint64_t id;
    HttpRequest request;
  };
  // On the caller's threads, without the mutex.
  void Begin(Query query);
  /// On a worker's thread, without the mutex.
  void Arrived(std::size_t worker, std::uint64_t id, HttpResponse response, long connections);
  /// On a thread of the desk, without the mutex.
  void Found(const WantCredentials& question, CredentialAnswer answer);

  // The rest with mutex_ held.
  void Settle(Job& job, const HttpResponse& response);
  void SettleLogin(Job& job, LoginGate::Outcome outcome, const std::string& repository);
  void Release(std::vector<JobPtr>& waiting);
  void Resume();
  void Advance(JobPtr job, Exchange::Step step);
  void Advance(JobPtr job, TokenFetch::Step step);
  void Finish(const Job& job, Reply reply);
  void Enter(JobPtr job, const Url& url);
  void Continue(JobPtr job);
  void Deliver(JobPtr job, const HttpResponse& response);
  void FindCredentials(JobPtr job, const WantCredentials& want);
  void LogIn(JobPtr job);
  void GoOnWithLogin(JobPtr job, bool refused);
  void GetToken(JobPtr job, const WantToken& want);
  void FetchToken(const Job& job, const WantToken& want);
  void HandOut(const TokenKey& key, TokenResult result);
  std::string ProxyOf(const Url& url);
  void Post(JobPtr job, HttpRequest request);
  void Assign(std::shared_ptr<Place> place, std::uint64_t id, HttpRequest request);
  void AssignOverflow();
  std::size_t FreeWorker();
  std::shared_ptr<Place> PlaceAt(const Endpoint& endpoint, const std::shared_ptr<const hosts::RegistryHost>& host);

  const Options options_;
  const std::unique_ptr<TrustStore> trust_;

  mutable std::mutex mutex_;
  std::condition_variable_any replied_;
  bool stopping_ = false;
  std::map<Endpoint, std::shared_ptr<Place>> places_;
  std::map<std::string, std::string> proxies_;  ///< by origin; secret
  std::map<std::uint64_t, JobPtr> under_way_;
  std::map<TokenKey, std::vector<JobPtr>> token_waiters_;
  TokenBook tokens_;
  std::map<WantCredentials, std::vector<JobPtr>> credential_waiters_;
  CredentialMemory known_credentials_;
  std::map<LoginKey, Login> logins_;
  std::deque<JobPtr> released_;  ///< the first contact or the login they waited for is settled
  std::deque<Overflow> overflow_;
  std::deque<Answered> replies_;
  std::map<const hosts::RegistryHost*, Lineup> lineups_;
  std::uint64_t next_id_ = 0;
  Counts counts_;
  // Last: their threads end first.
  std::unique_ptr<CredentialDesk> desk_;  ///< null: there are no credentials
  std::vector<Staff> staff_;
};

}  // namespace tagdrift::registry
