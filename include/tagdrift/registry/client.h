#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
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
  std::string body;  ///< for kManifest and kBlob, at most containerd's manifest limit; empty otherwise
};

/// How gently each endpoint (a host with its port and TLS settings) is asked.
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

/// Asks registry hosts, many at once. One worker thread and one libcurl multi per endpoint (scheme, host, port, TLS
/// identity, proxy), at most 32 at a time, so that a slow host holds up nobody else.
/// First contact with an endpoint is one request alone. If it cannot be reached (name, connection, TLS, timeout), what
/// waits for it and what comes within the next ten seconds gets the same answer without waiting for its own timeout.
/// Where a registry limits us, or is in trouble for long, what is not asked for that reason is answered
/// Failure::kBudget with `retry_at`.
/// Send and Receive may be called from different threads, each from one at a time. The destructor abandons what is
/// under way and joins.
class Client {
 public:
  struct Options {
    std::string user_agent;
    /// The least of containerd's own limits and these.
    absl::Duration connect_timeout = absl::Seconds(30);
    absl::Duration request_timeout = absl::Seconds(45);
    /// Proxy variables of the containerd process (HTTP_PROXY, HTTPS_PROXY, NO_PROXY, either case), read by Go's rules.
    std::map<std::string, std::string> proxy_environment;
    /// The system's CA bundle, PEM file; empty: the usual places.
    std::string ca_bundle;
    std::string ca_pem;  ///< the bundle itself, where it was read from elsewhere; instead of `ca_bundle`
    Politeness politeness;
  };
  struct Counts {
    std::uint64_t requests = 0;        ///< to registries and where they redirect to, without token requests
    std::uint64_t token_requests = 0;  ///< to token servers
    std::uint64_t connections = 0;     ///< opened, to either
  };

  /// Credentials are looked up when a challenge asks for them, on threads of their own. Errors: the CA bundle cannot be
  /// read.
  static absl::StatusOr<std::unique_ptr<Client>> Create(Options options,
                                                        std::shared_ptr<const CredentialSource> credentials);

  virtual ~Client() = default;

  /// Starts asking. The reply comes through Receive with the same ticket; every ticket gets exactly one.
  virtual void Send(std::uint64_t ticket, Request request) = 0;

  /// Waits for the next reply, from any host. Nothing: `deadline` passed or `stop` was requested.
  virtual std::optional<std::pair<std::uint64_t, Reply>> Receive(absl::Time deadline, std::stop_token stop) = 0;

  virtual Counts counts() const = 0;
};

}  // namespace tagdrift::registry
