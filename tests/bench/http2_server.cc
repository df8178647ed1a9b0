#include "http2_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <deque>
#include <map>
#include <set>

#include "http2_connection.h"

namespace tagdrift::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Due {
  Clock::time_point at;
  int socket;
  std::uint64_t connection;  ///< sockets are used again
  std::int32_t stream;
};

int ChooseHttp2(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                unsigned size, void*) {
  unsigned char* out = nullptr;
  if (nghttp2_select_next_protocol(&out, chosen_size, offered, size) != 1) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = out;
  return SSL_TLSEXT_ERR_OK;
}

SSL_CTX* MakeContext(const registry::ServerPair& pair) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  BIO* bio = BIO_new_mem_buf(pair.certificate.data(), static_cast<int>(pair.certificate.size()));
  X509* leaf = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(context, leaf);
  X509_free(leaf);
  BIO_free(bio);
  bio = BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  SSL_CTX_use_PrivateKey(context, key);
  EVP_PKEY_free(key);
  BIO_free(bio);
  SSL_CTX_set_alpn_select_cb(context, ChooseHttp2, nullptr);
  return context;
}

int Listen(int* port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  listen(listener, 64);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  *port = ntohs(address.sin_port);
  return listener;
}

timespec Spec(std::chrono::nanoseconds time) {
  return {.tv_sec = static_cast<time_t>(time.count() / 1'000'000'000),
          .tv_nsec = static_cast<long>(time.count() % 1'000'000'000)};
}

}  // namespace

struct Http2Server::Connection {
  std::uint64_t id;
  Http2Connection wire;
};

struct Http2Server::Loop {
  Loop(int listening, SSL_CTX* context)
      : listener(listening),
        epoll(epoll_create1(EPOLL_CLOEXEC)),
        timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
        ending(eventfd(0, EFD_CLOEXEC)),
        tls(context) {
    for (const int fd : {listener, timer, ending}) Watch(fd, EPOLLIN);
  }
  ~Loop() {
    connections.clear();
    for (const int fd : {listener, timer, ending, epoll}) close(fd);
    SSL_CTX_free(tls);
  }

  void Watch(int fd, std::uint32_t events) const {
    epoll_event event{.events = events, .data = {.fd = fd}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }

  void SetTimer() const {
    itimerspec spec{};
    if (!waiting.empty()) spec.it_value = Spec(waiting.front().at.time_since_epoch());
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  int listener;
  int epoll;
  int timer;
  int ending;
  SSL_CTX* tls;
  std::map<int, std::unique_ptr<Connection>> connections;
  std::deque<Due> waiting;  ///< the delay is one for all, so it is in order
};

Http2Server::Http2Server(Settings settings, Answer answer)
    : settings_(std::move(settings)), answer_(std::move(answer)) {
  std::signal(SIGPIPE, SIG_IGN);
  loop_ = std::make_unique<Loop>(Listen(&port_), MakeContext(settings_.pair));
  thread_ = std::jthread([this] { Run(); });
}

Http2Server::~Http2Server() {
  eventfd_write(loop_->ending, 1);
  thread_.join();
}

void Http2Server::Run() {
  std::array<epoll_event, 64> events;
  for (;;) {
    loop_->SetTimer();
    const int count = epoll_wait(loop_->epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
      if (fd == loop_->ending) return;
      if (fd == loop_->listener) {
        Accept();
      } else if (fd != loop_->timer) {
        Serve(fd);
      }
    }
    SayWhatIsDue();
  }
}

void Http2Server::Accept() {
  for (;;) {
    const int socket = accept4(loop_->listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0) return;
    const int no_delay = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
    const auto id = static_cast<std::uint64_t>(++connections_);
    const auto on_asked = [this, socket, id](std::int32_t stream) {
      loop_->waiting.push_back({Clock::now() + settings_.delay, socket, id, stream});
    };
    loop_->connections.insert_or_assign(
        socket, std::unique_ptr<Connection>(new Connection{id, {socket, loop_->tls, settings_.streams, on_asked}}));
    loop_->Watch(socket, EPOLLIN | EPOLLOUT | EPOLLET);
  }
}

void Http2Server::Serve(int socket) {
  const auto found = loop_->connections.find(socket);
  if (found == loop_->connections.end()) return;
  Http2Connection& wire = found->second->wire;
  const bool was_secured = wire.secured();
  const bool goes_on = wire.Work();
  if (!was_secured && wire.secured()) ++handshakes_;
  if (!goes_on) loop_->connections.erase(found);
}

void Http2Server::SayWhatIsDue() {
  const Clock::time_point now = Clock::now();
  std::set<int> touched;
  for (; !loop_->waiting.empty() && loop_->waiting.front().at <= now; loop_->waiting.pop_front()) {
    const Due due = loop_->waiting.front();
    const auto found = loop_->connections.find(due.socket);
    if (found == loop_->connections.end() || found->second->id != due.connection) continue;
    Http2Connection& wire = found->second->wire;
    if (const Asked* asked = wire.Find(due.stream)) wire.Say(due.stream, answer_(*asked));
    touched.insert(due.socket);
  }
  for (const int socket : touched) Serve(socket);
}

}  // namespace tagdrift::bench
