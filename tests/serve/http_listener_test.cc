#include "serve/http_listener.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tagdrift::serve {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kGet = "GET /healthz HTTP/1.1\r\nHost: node\r\n\r\n";

/// A blocking client on loopback, whose calls give up after a minute.
class Client {
 public:
  Client() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval minute = {.tv_sec = 60, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof minute);
  }
  explicit Client(std::uint16_t port) : Client() { EXPECT_TRUE(Connect(port)); }
  Client(Client&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  ~Client() {
    if (socket_ >= 0) close(socket_);
  }

  bool Connect(std::uint16_t port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  void Send(const std::string& text) { EXPECT_GE(send(socket_, text.data(), text.size(), MSG_NOSIGNAL), 0); }

  /// All until the other side closes.
  std::string Receive() {
    std::string text;
    char buffer[4096];
    ssize_t size = 0;
    while ((size = recv(socket_, buffer, sizeof buffer, 0)) > 0) text.append(buffer, static_cast<std::size_t>(size));
    closed_ = size == 0 || errno == ECONNRESET;
    return text;
  }

  /// Whether it was the other side that ended the latest Receive.
  bool closed() const { return closed_; }

 private:
  int socket_;
  bool closed_ = false;
};

std::string AnswerOf(std::uint16_t port, const std::string& request = kGet) {
  Client client(port);
  client.Send(request);
  return client.Receive();
}

class Listener : public testing::Test {
 protected:
  void Start(HttpListener::Limits limits = {}, const std::string& address = "127.0.0.1:0") {
    auto listener = HttpListener::Start(address,
                                        {{"/healthz", [] { return HttpAnswer{.body = "ok\n"}; }},
                                         {"/large", [] { return HttpAnswer{.body = std::string(16 << 20, 'x')}; }}},
                                        limits);
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
  }

  std::unique_ptr<HttpListener> listener_;
};

/// No limit that a test runs into.
constexpr HttpListener::Limits kPatient{.connections = 64, .connection_time = std::chrono::hours(1)};

TEST_F(Listener, AnswersOneRequestAndCloses) {
  Start();
  EXPECT_THAT(AnswerOf(listener_->port()), testing::AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\n\r\nok\n")));
  EXPECT_THAT(AnswerOf(listener_->port()), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Listener, AnswersWhileSlowClientsHang) {
  Start(kPatient);
  std::vector<Client> slow;
  for (int i = 0; i < 40; ++i) {
    slow.emplace_back(listener_->port());
    slow.back().Send(i % 2 == 0 ? "GET /healthz HTTP/1.1\r\nX-Slow: " : "");
  }
  Client reader(listener_->port());  // never takes its answer
  reader.Send("GET /large HTTP/1.1\r\n\r\n");
  EXPECT_THAT(AnswerOf(listener_->port()), StartsWith("HTTP/1.1 200 "));
  slow.front().Send("1\r\n\r\n");
  EXPECT_THAT(slow.front().Receive(), StartsWith("HTTP/1.1 200 ")) << "slow, not refused";
}

TEST_F(Listener, AnswersAlsoWhenSlowClientsHaveTakenAllConnections) {
  Start({.connections = 8, .connection_time = std::chrono::hours(1)});
  std::vector<Client> slow;
  for (int i = 0; i < 100; ++i) slow.emplace_back(listener_->port());
  EXPECT_THAT(AnswerOf(listener_->port()), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(slow.front().Receive(), "");
  EXPECT_TRUE(slow.front().closed()) << "it made room";
}

TEST_F(Listener, ClosesAClientThatSendsNothing) {
  Start({.connections = 8, .connection_time = std::chrono::milliseconds(50)});
  Client client(listener_->port());
  EXPECT_EQ(client.Receive(), "");
  EXPECT_TRUE(client.closed());
}

TEST_F(Listener, SendsALargeAnswerWhole) {
  Start(kPatient);
  const std::string answer = AnswerOf(listener_->port(), "GET /large HTTP/1.1\r\n\r\n");
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, std::size_t{16} << 20);
}

TEST_F(Listener, LetsTheRefusalOfATooLargeRequestArrive) {
  Start(kPatient);
  EXPECT_THAT(AnswerOf(listener_->port(), "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x')),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(Listener, StopsAtOnceWhileClientsHang) {
  Start(kPatient);
  Client silent(listener_->port());
  Client half(listener_->port());
  half.Send("GET /healthz");
  Client reader(listener_->port());
  reader.Send("GET /large HTTP/1.1\r\n\r\n");
  Client lingering(listener_->port());
  lingering.Send(kGet);
  lingering.Receive();
  const auto before = std::chrono::steady_clock::now();
  listener_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::minutes(1)) << "they may take an hour";
  EXPECT_EQ(half.Receive(), "");
  EXPECT_TRUE(half.closed());
}

TEST_F(Listener, AnswersWhenTheProcessHasNoDescriptorsLeft) {
  Start(kPatient);
  AnswerOf(listener_->port());
  std::vector<Client> clients(3);
  const int first_free = dup(STDIN_FILENO);
  close(first_free);
  rlimit usual = {};
  getrlimit(RLIMIT_NOFILE, &usual);
  const rlimit none = {.rlim_cur = static_cast<rlim_t>(first_free), .rlim_max = usual.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  for (Client& client : clients) {
    EXPECT_TRUE(client.Connect(listener_->port()));
    client.Send(kGet);
  }
  for (Client& client : clients) EXPECT_THAT(client.Receive(), StartsWith("HTTP/1.1 200 "));
  setrlimit(RLIMIT_NOFILE, &usual);
}

TEST_F(Listener, ListensAtIpv6) {
  const int socket_v6 = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  if (bind(socket_v6, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(socket_v6);
    GTEST_SKIP() << "this machine has no [::1]";
  }
  Start({}, "[::1]:0");
  address.sin6_port = htons(listener_->port());
  EXPECT_EQ(connect(socket_v6, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(socket_v6);
}

TEST_F(Listener, DoesNotListenAtOtherAddresses) {
  Start({}, "127.0.0.2:0");  // all of 127.0.0.0/8 is loopback
  EXPECT_FALSE(Client().Connect(listener_->port()));
}

TEST_F(Listener, DoesNotShareItsPort) {
  Start();
  const std::string address = "127.0.0.1:" + std::to_string(listener_->port());
  const auto second = HttpListener::Start(address, {});
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("listening at " + address + ": Address already in use"));
}

TEST_F(Listener, CanBeStartedAgainAtOnce) {
  Start();
  const std::uint16_t port = listener_->port();
  AnswerOf(port);
  listener_.reset();
  Start({}, "127.0.0.1:" + std::to_string(port));
}

class ListenAddress : public testing::TestWithParam<const char*> {};

TEST_P(ListenAddress, IsRefusedAndNamed) {
  const auto listener = HttpListener::Start(GetParam(), {});
  ASSERT_FALSE(listener.ok());
  EXPECT_EQ(listener.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(listener.status().message()), StartsWith("'" + std::string(GetParam()) + "' is no address"));
}

INSTANTIATE_TEST_SUITE_P(Malformed, ListenAddress,
                         testing::Values("", "9614", ":9614", "127.0.0.1", "127.0.0.1:", "127.0.0.1:port",
                                         "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:96 14", "[127.0.0.1]:9614",
                                         "::1:9614", "[::1:9614", "localhost:9614", "[]:9614", "1.2.3.4.5:9614"));

}  // namespace
}  // namespace tagdrift::serve
