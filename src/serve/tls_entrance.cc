#include "serve/tls_entrance.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "serve/certificate_names.h"
#include "serve/listen_at.h"
#include "serve/server_limits.h"
#include "serve/start_thread.h"
#include "tagdrift/call/clock.h"
#include "tagdrift/call/linked_stop.h"
#include "tagdrift/text/text.h"

namespace tagdrift::serve {
namespace {

constexpr std::chrono::seconds kReadAgain(1);
/// What calls may take to end whose authority has been taken away.
constexpr std::chrono::seconds kDistrustedGrace(5);
constexpr std::chrono::milliseconds kDrainTime(200);
constexpr int kMilliseconds = 1000;
constexpr int kHandshakeSeconds = 10;
constexpr int kMostAgeSeconds = 60 * 60;
/// As long as an action may take: it is not cut because its connection or the server's certificate is old.
constexpr std::chrono::seconds kGrace(30 * 60);
constexpr int kKeepAliveSeconds = 60;
constexpr int kKeepAliveTimeoutSeconds = 20;

std::optional<std::string> PeerAddress(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  std::array<char, NI_MAXHOST> host{};
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host.data(), host.size(), nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return std::nullopt;
  }
  return host.data();
}

/// Who has not said who he is.
std::string NameAt(const std::string& address) { return "somebody at " + address; }

std::shared_ptr<grpc::ServerCredentials> CredentialsOf(const TlsSet& set) {
  // TLS 1.2 is the oldest that gRPC begins with.
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
          set.client_ca, std::vector<grpc::experimental::IdentityKeyCertPair>{{set.key, set.certificate}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

void SetTcpLimits(grpc::ServerBuilder& builder, const Entrance& entrance, const OnRefusal& turned_away) {
  SetLimits(builder, entrance, turned_away);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeSeconds * kMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kMostAgeSeconds * kMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, static_cast<int>(kGrace.count()) * kMilliseconds);
  // Of a client that has gone without a word.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepAliveSeconds * kMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepAliveTimeoutSeconds * kMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

}  // namespace

/// The server of one set.
class TlsEntrance::Server {
 public:
  Server(std::unique_ptr<Acceptor> acceptor, const TlsSet& set, const TlsEntrance& entrance)
      : acceptor_(std::move(acceptor)) {
    grpc::ServerBuilder builder;
    for (grpc::Service* service : entrance.services_) builder.RegisterService(service);
    SetTcpLimits(builder, entrance, entrance.turned_away_);
    connections_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, CredentialsOf(set));
    server_ = builder.BuildAndStart();
  }

  bool has_begun() const { return server_ != nullptr; }

  absl::Status Accept(const FailedHandshakes& failed_handshakes, const OnRefusal& turned_away) {
    const auto take = [this, &failed_handshakes](int fd) {
      const int yes = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
      connection.fd = fd;
      failed_handshakes.Watch(acceptor_->PeerOf(fd).value_or(""),
                              [&] { connections_->HandleNewConnection(&connection); });
    };
    return acceptor_->Accept(take, [turned_away](const std::string& address) {
      turned_away(Refusal::kTooMany, NameAt(address), "too many connections");
    });
  }
  void StopAccepting() { acceptor_->StopAccepting(); }

  /// Tells the clients to leave, and cuts what is left after `grace` or at a stop request.
  void End(std::chrono::milliseconds grace, const std::stop_token& stop) {
    acceptor_->StopAccepting();
    const auto cut_then = [&](const std::stop_token& ended) {
      const LinkedStop either(stop, ended);
      SystemClock()->WaitUntil(SystemClock()->Steady() + grace, either.token());
      acceptor_->Cut();
    };
    std::jthread cutting;
    if (!StartThread(cutting, "ending a server", cut_then).ok()) return Stop();
    server_->Shutdown(std::chrono::system_clock::now() + grace);
  }

  /// Ends all connections, then waits for the calls to end.
  void Stop() {
    acceptor_->StopAccepting();
    acceptor_->Cut();
    server_->Shutdown(std::chrono::system_clock::now() + kDrainTime);
  }

 private:
  const std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections_;
  std::unique_ptr<grpc::Server> server_;
};

TlsEntrance::TlsEntrance(TlsAccess access, TlsSet set, int listening)
    : access_(std::move(access)), set_(std::move(set)), listening_(listening) {}

absl::StatusOr<std::unique_ptr<TlsEntrance>> TlsEntrance::Open(TlsAccess access) {
  auto set = ReadUsableTlsFiles(access);
  if (!set.ok()) return set.status();
  const auto listening = ListenAt(access.address);
  if (!listening.ok()) {
    return absl::Status(listening.status().code(), "--listen: " + text::MessageOf(listening.status()));
  }
  return std::unique_ptr<TlsEntrance>(new TlsEntrance(std::move(access), *std::move(set), *listening));
}

TlsEntrance::~TlsEntrance() {
  Stop();
  close(listening_);
}

Caller TlsEntrance::CallerOf(const grpc::ServerContextBase& context) const {
  const auto certificate = context.auth_context();
  std::vector<std::string> names;
  const auto add = [&](const char* property) {
    for (const grpc::string_ref& name : certificate->FindPropertyValues(property)) {
      names.emplace_back(name.data(), name.size());
    }
  };
  for (const char* property :
       {GRPC_PEER_DNS_PROPERTY_NAME, GRPC_PEER_URI_PROPERTY_NAME, GRPC_PEER_EMAIL_PROPERTY_NAME}) {
    add(property);
  }
  if (names.empty()) add(GRPC_X509_CN_PROPERTY_NAME);
  return CallerNamed(access_, names, PlaceOf(context.peer()));
}

absl::Status TlsEntrance::Serve(std::vector<grpc::Service*> services, OnRefusal turned_away) {
  services_ = std::move(services);
  ending_.emplace();
  turned_away_ = std::move(turned_away);
  failed_handshakes_ = std::make_unique<FailedHandshakes>([this](const std::string& address, const std::string& why) {
    turned_away_(Refusal::kHandshake, NameAt(address), "TLS handshake: " + why);
  });
  auto server = StartServer(set_);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  const auto reload = [this](const std::stop_token& stop) { Reload(stop); };
  if (absl::Status started = StartThread(reloading_, "reading certificates", reload); !started.ok()) return started;
  if (access_.listening) access_.listening(PortOf(listening_));
  return absl::OkStatus();
}

void TlsEntrance::Stop() {
  reloading_.request_stop();
  if (reloading_.joinable()) reloading_.join();
  ending_.reset();
  if (server_ == nullptr) return;
  server_->StopAccepting();
  // Handshakes that are cut now have not failed.
  failed_handshakes_.reset();
  server_->Stop();
  server_.reset();
}

absl::StatusOr<std::unique_ptr<TlsEntrance::Server>> TlsEntrance::StartServer(const TlsSet& set) const {
  const int listening = fcntl(listening_, F_DUPFD_CLOEXEC, 0);
  if (listening < 0) return absl::ErrnoToStatus(errno, "listening at " + access_.address);
  auto acceptor = Acceptor::Make(listening, {.peer = PeerAddress});
  if (!acceptor.ok()) return acceptor.status();
  auto server = std::make_unique<Server>(*std::move(acceptor), set, *this);
  if (!server->has_begun()) return absl::InternalError("gRPC cannot serve at " + access_.address);
  if (absl::Status accepting = server->Accept(*failed_handshakes_, turned_away_); !accepting.ok()) return accepting;
  return server;
}

void TlsEntrance::Reload(const std::stop_token& stop) {
  absl::StatusOr<TlsSet> last = set_;
  std::string warned;
  while (SystemClock()->WaitUntil(SystemClock()->Steady() + kReadAgain, stop)) {
    auto read = ReadTlsFiles(access_);
    // Files that are written one after the other may not fit for a moment: only what stays counts.
    const bool settled = read == last;
    last = std::move(read);
    if (!settled) continue;
    absl::Status usable = last.status();
    if (last.ok() && *last != set_) usable = CheckTlsSet(access_, *last, absl::Now());
    if (usable.ok() && *last != set_) usable = Replace(*last);
    const std::string trouble = usable.ok() ? "" : text::MessageOf(usable);
    if (!usable.ok() && trouble != warned) spdlog::warn("{}; the files as they were read before stay in use", trouble);
    warned = trouble;
  }
}

absl::Status TlsEntrance::Replace(const TlsSet& set) {
  auto server = StartServer(set);
  if (!server.ok()) return server.status();
  server_->StopAccepting();
  std::swap(server_, *server);
  const auto grace = set.client_ca == set_.client_ca ? kGrace : kDistrustedGrace;
  set_ = set;
  spdlog::info("{} and its authority were read again", access_.certificate);
  // One that has not ended by now, of the set before the last, is cut. Nobody waits for what its calls still do.
  cut_.request_stop();
  cut_ = std::stop_source();
  const std::shared_ptr<Server> old = *std::move(server);
  const auto end = [old, grace, cut = cut_.get_token()](const std::stop_token& stop) {
    const LinkedStop either(stop, cut);
    old->End(grace, either.token());
  };
  if (!ending_->Start(end)) old->Stop();
  return absl::OkStatus();
}

}  // namespace tagdrift::serve
