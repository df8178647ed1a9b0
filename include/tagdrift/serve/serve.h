#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/agent/check.h"
#include "tagdrift/call/clock.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/report/audit.h"
#include "tagdrift/report/command_line.h"

/// The daemon: keeps the node's report current, answers over gRPC, feeds Prometheus.
namespace tagdrift::serve {

/// What operators may do to the node. Plans may always be asked for.
struct ActionPolicy {
  std::set<judge::ActionKind> enabled = {};
  bool allow_to = false;
  bool allow_force = false;
  bool allow_private = false;
  std::vector<agent::NamePattern> repositories = {};  ///< that may be acted on; none: those of registries on the node
  std::vector<agent::NamePattern> protect = {};       ///< never evicted
  int disk_threshold = 85;                            ///< percent
};

/// Who may connect to a socket: its owner, and this group.
struct SocketAccess {
  std::optional<gid_t> group = {};
  mode_t mode = 0600;
};

/// TCP for who has a certificate of one authority, over mutual TLS (1.2 or newer). Files are PEM, and may change at any
/// time. Patterns are globs over the certificate's DNS, URI and email names, or, where it has none, its common name;
/// `*` matches everything.
struct TlsAccess {
  std::string address;  ///< HOST:PORT; empty: nobody is answered on TCP
  std::string certificate;
  std::string key;
  std::string client_ca;
  std::vector<std::string> readers;    ///< none: every certificate of the authority reads
  std::vector<std::string> operators;  ///< these also read; none: nobody acts over TCP
  /// Told the port once it is served, which port 0 leaves open.
  std::function<void(std::uint16_t port)> listening = {};
};

/// Whether `address` is one to listen at: "127.0.0.1:9614", "[::1]:9614"; port 0 is any free one. Errors:
/// InvalidArgument naming it.
absl::Status CheckAddress(std::string_view address);

/// Whether `access` can be served. Errors: one that names the option and its value or file.
absl::Status CheckTlsAccess(const TlsAccess& access);

struct Options {
  std::string version;
  std::string host_root = "/";
  std::string socket_dir = "/run/tagdrift";
  SocketAccess readers;
  SocketAccess operators;
  TlsAccess tls;
  std::string metrics = "127.0.0.1:9614";  ///< HOST:PORT of /metrics; empty: none
  std::string health = "127.0.0.1:9615";   ///< HOST:PORT of /healthz and /readyz; empty: none
  absl::Duration interval = absl::Hours(1);
  absl::Duration spread = absl::Seconds(10);  ///< within which the first round begins: agents are started together
  std::string state_dir;                      ///< empty: what was asked is asked again after a restart
  agent::CheckOptions check = {};
  report::Invocation invocation = {};
  ActionPolicy actions = {};
  std::function<absl::Status(const report::AuditRecord& record)> audit;
  std::shared_ptr<const Clock> clock = SystemClock();
};

/// Whether the places that `options` name can be served together, without taking any. Errors: InvalidArgument naming
/// the options whose addresses are one; what is wrong with the directory of the sockets.
absl::Status CheckPlaces(const Options& options);

/// Serves until it is stopped. Errors: it could not begin; another agent serves in the same directory; an address is
/// taken.
absl::Status Serve(Options options, agent::Agent& agent, const std::stop_token& stop);

}  // namespace tagdrift::serve
