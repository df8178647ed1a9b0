#include "serve/http_listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <exception>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "serve/listen_at.h"
#include "serve/start_thread.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::serve {
namespace {

using std::chrono::steady_clock;

/// How long a client may take to close after it has been answered: closing first could take the answer from it.
constexpr std::chrono::seconds kLinger{1};
/// Until accepting is tried again where the system had no descriptor or memory for it.
constexpr std::chrono::milliseconds kAcceptPause{100};

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// One client and its only request.
class Connection {
 public:
  Connection(Descriptor socket, SteadyTime ends) : socket_(std::move(socket)), ends_(ends) {}

  int socket() const { return socket_.get(); }
  SteadyTime ends() const { return ends_; }
  short events() const { return state_ == State::kAnswering ? POLLOUT : POLLIN; }

  /// Goes on as far as that is possible at once. False: the connection has ended.
  bool Continue(const HttpHandlers& handlers) {
    switch (state_) {
      case State::kReading:
        return Read(handlers);
      case State::kAnswering:
        return Answer();
      case State::kLingering:
        return Drop();
    }
    return false;
  }

 private:
  enum class State { kReading, kAnswering, kLingering };

  static bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

  bool Read(const HttpHandlers& handlers) {
    char buffer[4096];
    const ssize_t size = recv(socket(), buffer, sizeof buffer, 0);
    if (size <= 0) return size < 0 && WouldBlock();
    text_.append(buffer, static_cast<std::size_t>(size));
    std::optional<std::string> response = Respond(text_, handlers);
    if (!response) return true;
    text_ = *std::move(response);
    state_ = State::kAnswering;
    return Answer();
  }

  bool Answer() {
    const ssize_t size = send(socket(), text_.data() + sent_, text_.size() - sent_, MSG_NOSIGNAL);
    if (size < 0) return WouldBlock();
    sent_ += static_cast<std::size_t>(size);
    if (sent_ < text_.size()) return true;
    text_ = {};
    shutdown(socket(), SHUT_WR);
    state_ = State::kLingering;
    ends_ = std::min<SteadyTime>(ends_, steady_clock::now() + kLinger);
    return true;
  }

  bool Drop() {
    char buffer[4096];
    const ssize_t size = recv(socket(), buffer, sizeof buffer, 0);
    return size > 0 || (size < 0 && WouldBlock());
  }

  Descriptor socket_;
  SteadyTime ends_;
  State state_ = State::kReading;
  std::string text_;  ///< the request, then the response
  std::size_t sent_ = 0;
};

class PollingListener final : public HttpListener {
 public:
  PollingListener(Descriptor socket, Descriptor wake, std::uint16_t port, HttpHandlers handlers, Limits limits)
      : handlers_(std::move(handlers)),
        limits_(limits),
        port_(port),
        socket_(std::move(socket)),
        wake_(std::move(wake)) {}

  ~PollingListener() override {
    thread_.request_stop();
    eventfd_write(wake_.get(), 1);
  }

  /// Errors: Unavailable, there are no more threads.
  absl::Status Begin() {
    return StartThread(thread_, "answering HTTP", [this](const std::stop_token& stop) { Run(stop); });
  }

  std::uint16_t port() const override { return port_; }

 private:
  void Run(const std::stop_token& stop) {
    // Signals are the main thread's.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    while (!stop.stop_requested()) {
      try {
        Turn();
      } catch (const std::exception&) {  // no memory: give back what the clients take
        connections_.clear();
      }
    }
  }

  void Turn() {
    if (!spare_.valid()) spare_ = Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const SteadyTime before = steady_clock::now();
    std::optional<SteadyTime> wakes;
    const auto wake_by = [&wakes](SteadyTime time) { wakes = std::min(wakes.value_or(time), time); };
    const bool accepting = before >= accept_after_;
    if (!accepting) wake_by(accept_after_);
    std::vector<pollfd> polled = {{wake_.get(), POLLIN, 0}, {accepting ? socket_.get() : -1, POLLIN, 0}};
    for (const Connection& connection : connections_) {
      polled.push_back({connection.socket(), connection.events(), 0});
      wake_by(connection.ends());
    }
    const int timeout =
        wakes ? static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*wakes - before).count()) : -1;
    if (poll(polled.data(), polled.size(), std::max(timeout, wakes ? 0 : -1)) < 0) return;

    std::vector<Connection> open;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& connection = connections_[i];
      const bool goes_on = polled[i + 2].revents == 0 || connection.Continue(handlers_);
      if (goes_on && steady_clock::now() < connection.ends()) open.push_back(std::move(connection));
    }
    connections_ = std::move(open);
    if (polled[1].revents != 0) Accept();
  }

  void Accept() {
    for (std::size_t i = 0; i < limits_.connections; ++i) {
      Descriptor socket(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!socket.valid()) {
        const bool exhausted = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        if (!exhausted) return;
        if (!spare_.valid()) {
          accept_after_ = steady_clock::now() + kAcceptPause;
          return;
        }
        spare_ = Descriptor();
        continue;
      }
      if (connections_.size() >= limits_.connections) connections_.erase(connections_.begin());
      connections_.emplace_back(std::move(socket), steady_clock::now() + limits_.connection_time);
    }
  }

  const HttpHandlers handlers_;
  const Limits limits_;
  const std::uint16_t port_;
  Descriptor socket_;
  Descriptor wake_;
  Descriptor spare_;  ///< given up for a client where the process has no descriptors left
  SteadyTime accept_after_;
  std::vector<Connection> connections_;  ///< the oldest first
  std::jthread thread_;                  ///< ends first
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpListener>> HttpListener::Start(std::string_view address, HttpHandlers handlers,
                                                                  Limits limits) {
  const absl::StatusOr<int> listening = ListenAt(address);
  if (!listening.ok()) return listening.status();
  Descriptor socket(*listening);
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return absl::ErrnoToStatus(errno, fmt::format("listening at {}", address));
  const std::uint16_t port = PortOf(socket.get());
  auto listener =
      std::make_unique<PollingListener>(std::move(socket), std::move(wake), port, std::move(handlers), limits);
  if (absl::Status begun = listener->Begin(); !begun.ok()) return begun;
  return listener;
}

}  // namespace tagdrift::serve
