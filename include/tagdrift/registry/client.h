#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tagdrift/call/byte_budget.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/call/clock.h"
#include "tagdrift/hosts/answer.h"
#include "tagdrift/hosts/registry_host.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::registry {

/// What is asked of one host.
enum class Question {
  /// HEAD of a manifest by tag or digest with containerd's Accept list; a GET of the same where containerd would send
  /// one (405, no digest header, no length). The body is hashed and dropped.
  /// After a 405 the GET counts as the HEAD: its status and headers are the answer's.
  kResolve,
  /// GET of a manifest by tag, for the error code behind a 404. Any other answer makes it a kResolve: containerd's way.
  kConfirm,
  /// GET of a manifest by digest (`Accept: <media type>, */*`); the body is kept.
  kManifest,
  /// GET of a blob by digest; the body is kept. For image configs only.
  kBlob,
};

struct Request {
  std::shared_ptr<const hosts::RegistryHost> host;
  std::string registry;    ///< host part of the reference; decides `ns`
  std::string repository;  ///< "library/nginx"
  std::string object;      ///< tag or digest
  std::string media_type;  ///< of the wanted content, for kManifest and kBlob
  Question question = Question::kResolve;
};

struct Reply {
  hosts::Answer answer;
  std::string body;                ///< for kManifest and kBlob, at most containerd's manifest limit; empty otherwise
  std::shared_ptr<ByteHold> hold;  ///< what the body takes of the batch's budget, until the last copy of this has gone
};

/// How gently registries are asked, by all batches together. Rates are an origin's (scheme, host, port), the
/// concurrency is an endpoint's (with its TLS settings and proxy).
struct Politeness {
  /// Requests under way at once: HTTP/2 streams; over HTTP/1.1 never more than eight connections.
  int concurrency = 250;
  /// Requests begun per second, on average; 0: as many as the concurrency allows. What is too much waits.
  double requests_per_second = 0;
  int burst = 10;  ///< of them at once after a pause
  /// Of a limit that the registry announces (RateLimit-Remaining) this share is left to pulls: below it no GET is sent,
  /// below a third of it no HEAD either, except where only GETs count.
  double reserve = 0.1;
};

/// Who waits for the answers. Where requests queue at an endpoint, those of an action go first, then what a person
/// waits for, then background work; within a class in the order in which they came.
enum class RateClass { kInteractive, kBackground, kAction };

/// How registries are reached from the node, as read at one moment.
struct Network {
  /// Proxy variables of the containerd process (HTTP_PROXY, HTTPS_PROXY, NO_PROXY, either case), read by Go's rules.
  std::map<std::string, std::string> proxy_environment;
  std::string ca_pem;  ///< the node's CA bundle; empty: this system's own, in the usual places (SystemCaPlaces)
};

/// Questions of one caller and their replies. One thread at a time uses it.
class Batch {
 public:
  /// Cancels what waits and what is under way, without waiting for it; late answers reach nobody.
  virtual ~Batch() = default;

  /// Starts asking. The reply comes through Receive with the same ticket; every ticket gets exactly one. Tickets are
  /// the batch's own. Of content (kManifest, kBlob) at most 16 requests to a host are under way or not received yet,
  /// fewer where it is large; more wait until replies have been taken.
  virtual void Send(std::uint64_t ticket, Request request) = 0;

  /// Waits for the next reply to this batch, from any host. Nothing: the context given to Open has ended; replies that
  /// are there already still come after its deadline, not after its stop.
  virtual std::optional<std::pair<std::uint64_t, Reply>> Receive() = 0;
};

/// Asks registry hosts, many at once. One worker thread and one libcurl multi per endpoint (scheme, host, port, TLS
/// identity, proxy), at most 32 at a time, so that a slow host holds up nobody else. What a host leads to by redirects
/// and token realms are endpoints of its own, with at most four workers for each host and half of all workers; a chain
/// of redirects has the time of one request, waiting for a worker included.
/// A redirect or realm at a name that resolves to this host, a link-local address or, for realms, one further inside
/// than the host that names it, is not connected to (Failure::kRefusedRedirect, kRefusedRealm). Where the host itself
/// is configured to be, or a proxy, does not matter. First contact with an endpoint is one request alone. If it cannot
/// be reached (name, connection, TLS, timeout), what waits for it and what comes within the next ten seconds gets the
/// same answer without waiting for its own timeout. Where a registry limits us, or is in trouble for long, what is not
/// asked for that reason is answered Failure::kBudget with `retry_at`. All batches share what is remembered of
/// endpoints, tokens, logins and credentials, the rates and the back-off. What has not been used for long is forgotten,
/// and idle threads end: a client may live for weeks. Thread safe.
class Client {
 public:
  struct Options {
    std::string user_agent;
    /// The least of containerd's own limits and these.
    absl::Duration connect_timeout = absl::Seconds(30);
    absl::Duration request_timeout = absl::Seconds(45);
    Politeness politeness;
    std::shared_ptr<const Clock> clock = SystemClock();
  };
  struct Counts {
    std::uint64_t requests = 0;        ///< to registries and where they redirect to, without token requests
    std::uint64_t token_requests = 0;  ///< to token servers
    std::uint64_t connections = 0;     ///< opened, to either
    /// Requests to configured hosts that ended, by host and port as configured, then by status ("200"), or "timeout" or
    /// "error" where there was none. Neither redirect targets nor token servers are named. What would be too many
    /// hosts, or too many codes of one, is counted as "other".
    std::map<std::string, std::map<std::string, std::uint64_t>> outcomes;

    // What is held at the moment.
    std::size_t batches = 0;
    std::size_t under_way = 0;     ///< requests handed to workers, or waiting for one
    std::size_t threads = 0;       ///< workers and credential lookups
    std::size_t endpoints = 0;     ///< remembered or in use, with their connections
    std::size_t hosts = 0;         ///< whose questions wait or are worked on
    std::size_t tokens = 0;        ///< and refusals of token servers
    std::size_t logins = 0;        ///< credentials with what came of them
    std::size_t credentials = 0;   ///< answers of the credential source
    std::size_t trust_stores = 0;  ///< sets of certificate authorities
  };

  /// Does no I/O: CA bundles and credentials are read once a connection or a challenge asks for them, credentials on
  /// threads of their own. Errors: libcurl cannot start. The clock decides how long things are remembered and how fast
  /// endpoints are asked; timeouts of connections are libcurl's own.
  static absl::StatusOr<std::unique_ptr<Client>> Create(Options options,
                                                        std::shared_ptr<const CredentialSource> credentials);

  /// Ends all threads. Every batch must have ended before.
  virtual ~Client() = default;

  /// Questions for registries, reached as `network` says (null: no proxies, this system's CA bundle), until `context`
  /// ends. `content` bounds the bodies that are there at a time, by the configured host (its name and port), also the
  /// ones that are only hashed; what there is no room for is answered Failure::kBudget. Null: 64 MiB.
  virtual std::unique_ptr<Batch> Open(RateClass rate_class, std::shared_ptr<const Network> network,
                                      const CallContext& context, std::shared_ptr<ByteBudget> content = nullptr) = 0;

  virtual Counts counts() const = 0;
};

}  // namespace tagdrift::registry
