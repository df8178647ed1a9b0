#include "tagdrift/serve/serve.h"

#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server_posix.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "google/protobuf/stubs/logging.h"
#include "serve/actions_service.h"
#include "serve/board.h"
#include "serve/health.h"
#include "serve/http_listener.h"
#include "serve/listen_at.h"
#include "serve/loop.h"
#include "serve/metrics.h"
#include "serve/node_cache_service.h"
#include "serve/report_metrics.h"
#include "serve/server_limits.h"
#include "serve/socket_dir.h"
#include "serve/start_thread.h"
#include "serve/stuck_calls.h"
#include "serve/tls_entrance.h"
#include "serve/turned_away.h"
#include "serve/unix_listener.h"
#include "serve/views.h"
#include "serve/workers.h"
#include "tagdrift/text/text.h"

namespace tagdrift::serve {
namespace {

constexpr std::chrono::seconds kStart(60);
constexpr std::chrono::seconds kStuck(60);
constexpr std::chrono::seconds kSweep(10);
constexpr std::chrono::milliseconds kShutdown(200);

/// One unix socket with a server of its own, whose callers have the socket's role.
class UnixEntrance final : public Entrance {
 public:
  UnixEntrance(Role role, std::string name, std::unique_ptr<UnixListener> listener)
      : role_(role), name_(std::move(name)), listener_(std::move(listener)) {}

  // gRPC names a connection by its descriptor, which it closes after the last of its calls.
  Caller CallerOf(const grpc::ServerContextBase& context) const override {
    const std::string peer = context.peer();
    int fd = -1;
    if (peer.starts_with("fd:")) std::from_chars(peer.data() + 3, peer.data() + peer.size(), fd);
    const std::optional<uid_t> uid = listener_->UidOf(fd);
    const std::string id = uid ? fmt::format("uid {}", *uid) : "somebody";
    return {.role = role_, .name = id + " at " + name_, .id = id};
  }

  absl::Status Serve(std::initializer_list<grpc::Service*> services, const OnRefusal& turned_away) {
    grpc::ServerBuilder builder;
    for (grpc::Service* service : services) builder.RegisterService(service);
    SetLimits(builder, *this, turned_away);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::InternalError("gRPC cannot serve at " + name_);
    return listener_->Accept([this](int fd) { grpc::AddInsecureChannelFromFd(server_.get(), fd); },
                             [this, turned_away](const std::string& uid) {
                               turned_away(Refusal::kTooMany, fmt::format("uid {} at {}", uid, name_),
                                           "too many connections");
                             });
  }

  /// Ends all connections, then waits for the calls to end.
  void Stop() {
    listener_->Cut();
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + kShutdown);
  }

 private:
  const Role role_;
  const std::string name_;
  const std::unique_ptr<UnixListener> listener_;
  std::unique_ptr<grpc::Server> server_;
};

absl::StatusOr<std::unique_ptr<UnixEntrance>> OpenEntrance(const Options& options, Role role) {
  const std::string name = role == Role::kOperator ? "operator.sock" : "reader.sock";
  const SocketAccess& access = role == Role::kOperator ? options.operators : options.readers;
  auto listener =
      UnixListener::Open({.path = options.socket_dir + "/" + name, .mode = access.mode, .group = access.group});
  if (!listener.ok()) return listener.status();
  return std::make_unique<UnixEntrance>(role, name, *std::move(listener));
}

/// Null: not asked for.
absl::StatusOr<std::unique_ptr<TlsEntrance>> OpenTlsEntrance(const TlsAccess& access) {
  if (access.address.empty()) return nullptr;
  return TlsEntrance::Open(access);
}

/// Each entrance takes up to 256 connections of two descriptors, a TCP entrance twice that while certificates change;
/// the usual soft limit of 1,024 would be too few. Not as many as the hard one may be: programs that are run as
/// credential helpers inherit it, and some close each descriptor that there may be.
void AllowDescriptors() {
  constexpr rlim_t kEnough = 16'384;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnough) return;
  limit.rlim_cur = std::min(limit.rlim_max, kEnough);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) spdlog::warn("the limit of open files stays as it is");
}

/// What rounds and readers needed for a moment stays with the allocator otherwise.
void GiveMemoryBack() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

HttpAnswer ReadyzOf(const Board& board) {
  const auto failure = board.Failure();
  return Readyz(board.Latest() != nullptr, failure ? failure->detail() : std::string());
}

absl::StatusOr<std::unique_ptr<HttpListener>> StartUnlessOff(const std::string& option, const std::string& address,
                                                             HttpHandlers handlers) {
  if (address.empty()) return nullptr;
  auto listener = HttpListener::Start(address, std::move(handlers));
  if (listener.ok()) return listener;
  return absl::Status(listener.status().code(), option + ": " + text::MessageOf(listener.status()));
}

}  // namespace

absl::Status CheckPlaces(const Options& options) {
  const std::pair<const char*, const std::string&> kAddresses[] = {
      {"--listen", options.tls.address}, {"--metrics", options.metrics}, {"--health", options.health}};
  for (const auto& [option, address] : kAddresses) {
    for (const auto& [other_option, other] : kAddresses) {
      if (option == other_option || !Collide(address, other)) continue;
      return absl::InvalidArgumentError(
          fmt::format("{} {} and {} {}: two cannot listen at one address", option, address, other_option, other));
    }
  }
  return SocketDir::Check(options.socket_dir);
}

absl::Status Serve(Options options, agent::Agent& agent, const std::stop_token& stop) {
  AllowDescriptors();
  auto directory = SocketDir::Take(options.socket_dir);
  if (!directory.ok()) return directory.status();
  auto readers = OpenEntrance(options, Role::kReader);
  if (!readers.ok()) return readers.status();
  auto operators = OpenEntrance(options, Role::kOperator);
  if (!operators.ok()) return operators.status();
  auto tls = OpenTlsEntrance(options.tls);
  if (!tls.ok()) return tls.status();
  if (absl::Status opened = (*directory)->Open(); !opened.ok()) return opened;

  Board board;
  Views views(options.invocation);
  Metrics metrics(options.version);
  Heartbeat heartbeat(options.clock->Steady() + kStart);
  Loop loop(agent, board, heartbeat,
            {.interval = options.interval,
             .spread = options.spread,
             .check = options.check,
             .invocation = options.invocation,
             .host_root = options.host_root,
             .version = options.version,
             .state_dir = options.state_dir,
             .clock = options.clock,
             .round_ended = [&](absl::Duration took, bool ok) { metrics.RoundEnded(took, ok); }});
  Workers workers;
  StuckCalls calls(options.clock);
  TurnedAway refused_calls(
      [](const std::string& who, int times) {
        spdlog::warn("refused {}{}", who, times > 1 ? fmt::format(", {} times", times) : "");
      },
      options.clock);
  const OnRefusal refused = [&](Refusal why, const std::string& caller, const std::string& message) {
    metrics.Refused(why);
    refused_calls.Add(fmt::format("{} {}", static_cast<int>(why), caller), caller + ": " + message);
  };
  TurnedAway turned_away(
      [](const std::string& who, int times) { spdlog::warn("refused {}, {} turned away", who, times); }, options.clock);
  const OnRefusal turn_away = [&](Refusal why, const std::string& who, const std::string& message) {
    metrics.Refused(why);
    turned_away.Add(who + ": " + message);
  };
  NodeCacheContext reading{.agent = agent,
                           .board = board,
                           .loop = loop,
                           .views = views,
                           .workers = workers,
                           .calls = calls,
                           .refused = refused,
                           .check = options.check,
                           .invocation = options.invocation,
                           .clock = options.clock};
  ActionsContext acting{.agent = agent,
                        .board = board,
                        .workers = workers,
                        .calls = calls,
                        .policy = options.actions,
                        .origins = options.check.origins,
                        .refused = refused,
                        .audit = options.audit,
                        .ended = [&](const v1::ActionResult& result) { metrics.ActionEnded(result); },
                        .clock = options.clock};
  NodeCacheService for_readers(reading, **readers);
  NodeCacheService for_operators(reading, **operators);
  // Refuses each action, so that who calls the wrong socket is told so.
  ActionsService reader_actions(acting, **readers);
  ActionsService operator_actions(acting, **operators);
  std::optional<NodeCacheService> for_tls;
  std::optional<ActionsService> tls_actions;
  if (*tls != nullptr) {
    for_tls.emplace(reading, **tls);
    tls_actions.emplace(acting, **tls);
  }

  const HttpHandlers health = {{"/healthz", [&] { return Healthz(heartbeat, options.clock->Steady()); }},
                               {"/readyz", [&] { return ReadyzOf(board); }}};
  HttpHandlers with_metrics = health;
  with_metrics.emplace("/metrics", [&] {
    std::optional<v1::NodeReport> report;
    if (const auto latest = board.Latest()) report = latest->report->report()->Parse(LeaveMeasured);
    return HttpAnswer{200, metrics.Render(report ? &*report : nullptr, agent.counts(), options.clock->Wall()),
                      std::string(Metrics::kContentType)};
  });
  auto metrics_listener = StartUnlessOff("--metrics", options.metrics, with_metrics);
  if (!metrics_listener.ok()) return metrics_listener.status();
  // A scraper who asks for much cannot make the agent look dead.
  auto health_listener = StartUnlessOff("--health", options.health, health);
  if (!health_listener.ok()) return health_listener.status();

  // For the rest of the process: the last shutdown of gRPC may wait for ten seconds.
  grpc_init();
  // What clients send is their fault, and no line for each in the log.
  google::protobuf::SetLogHandler(nullptr);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  absl::Status serving = (*readers)->Serve({&for_readers, &reader_actions}, turn_away);
  if (serving.ok()) serving = (*operators)->Serve({&for_operators, &operator_actions}, turn_away);
  if (serving.ok() && *tls != nullptr) serving = (*tls)->Serve({&*for_tls, &*tls_actions}, turn_away);
  const auto sweep = [&](const std::stop_token& ended) {
    absl::Time trimmed_after = absl::InfinitePast();
    while (options.clock->WaitUntil(options.clock->Steady() + kSweep, ended)) {
      calls.Cut(kStuck);
      loop.DropCancelled();
      refused_calls.TellRest();
      turned_away.TellRest();
      const auto latest = board.Latest();
      views.KeepOnly(latest);
      const absl::Time checked = latest == nullptr ? absl::InfinitePast() : latest->round->rest().checked_at;
      if (std::exchange(trimmed_after, checked) != checked) GiveMemoryBack();
    }
  };
  std::jthread telling;
  std::jthread sweeping;
  const auto tell = [&board](const std::stop_token& ended) { board.Tell(ended); };
  if (serving.ok()) serving = StartThread(telling, "telling watchers", tell);
  if (serving.ok()) serving = StartThread(sweeping, "looking for stuck calls", sweep);
  if (serving.ok()) {
    spdlog::info("serving in {}", options.socket_dir);
    if (*tls != nullptr) spdlog::info("serving at {} over mutual TLS", options.tls.address);
    loop.Run(stop);
  } else {
    loop.Refuse();
  }
  telling.request_stop();
  sweeping.request_stop();
  workers.RequestStop();
  (*readers)->Stop();
  (*operators)->Stop();
  if (*tls != nullptr) (*tls)->Stop();
  return serving;
}

}  // namespace tagdrift::serve
