#include "serve/acceptor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "serve/start_thread.h"

namespace tagdrift::serve {
namespace {

/// Without descriptors or memory for one more there is nothing to do but wait until some have been given back.
constexpr std::chrono::milliseconds kExhausted(200);

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Make(int listening, Options options) {
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) {
    const int error = errno;
    close(listening);
    return absl::ErrnoToStatus(error, "making an eventfd");
  }
  return std::unique_ptr<Acceptor>(new Acceptor(listening, wake, std::move(options)));
}

Acceptor::~Acceptor() {
  Cut();
  for (auto& [fd, connection] : connections_) End(connection);
  close(listening_);
  close(wake_);
}

absl::Status Acceptor::Accept(OnConnection on_connection, OnTooMany on_too_many) {
  return StartThread(accepting_, "accepting connections",
                     [this, on_connection = std::move(on_connection), on_too_many = std::move(on_too_many)](
                         const std::stop_token& stop) { Run(stop, on_connection, on_too_many); });
}

void Acceptor::StopAccepting() {
  accepting_.request_stop();
  const std::uint64_t one = 1;
  (void)!write(wake_, &one, sizeof(one));
  if (accepting_.joinable()) accepting_.join();
}

void Acceptor::Cut() {
  StopAccepting();
  const std::lock_guard lock(mutex_);
  for (const auto& [fd, connection] : connections_) {
    if (!connection.has_ended()) shutdown(connection.own, SHUT_RDWR);
  }
}

std::optional<std::string> Acceptor::PeerOf(int fd) const {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(fd);
  return found == connections_.end() ? std::nullopt : std::optional(found->second.peer);
}

int Acceptor::connections() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(
      std::ranges::count_if(connections_, [](const auto& entry) { return !entry.second.has_ended(); }));
}

bool Acceptor::IsTooMany(const std::string& peer) const {
  int all = 0;
  int of_peer = 0;
  for (const auto& [fd, connection] : connections_) {
    if (connection.has_ended()) continue;
    ++all;
    if (connection.peer == peer) ++of_peer;
  }
  return all >= options_.most_connections || of_peer >= options_.most_of_one_peer;
}

void Acceptor::Run(const std::stop_token& stop, const OnConnection& on_connection, const OnTooMany& on_too_many) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> polled = {{wake_, POLLIN, 0}, {listening_, POLLIN, 0}};
    std::vector<int> handed_on;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [fd, connection] : connections_) {
        if (connection.has_ended()) continue;
        polled.push_back({connection.own, POLLRDHUP, 0});
        handed_on.push_back(fd);
      }
    }
    if (poll(polled.data(), polled.size(), -1) < 0) {
      std::this_thread::sleep_for(kExhausted);
      continue;
    }
    for (std::size_t i = 0; i < handed_on.size(); ++i) {
      if ((polled[i + 2].revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0) continue;
      const std::lock_guard lock(mutex_);
      End(connections_.at(handed_on[i]));
    }
    if ((polled[1].revents & POLLIN) != 0 && !stop.stop_requested()) TakeOne(on_connection, on_too_many);
  }
}

void Acceptor::End(Connection& connection) {
  if (!connection.has_ended()) close(std::exchange(connection.own, -1));
}

void Acceptor::TakeOne(const OnConnection& on_connection, const OnTooMany& on_too_many) {
  const int fd = accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      std::this_thread::sleep_for(kExhausted);
    }
    return;
  }
  absl::Cleanup close_fd = [fd] { close(fd); };
  std::optional<std::string> peer = options_.peer(fd);
  if (!peer) return;
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return on_too_many(*peer);
  absl::Cleanup close_own = [own] { close(own); };
  {
    std::unique_lock lock(mutex_);
    // One of the same number has ended: its owner has closed it.
    const auto ended = connections_.find(fd);
    if (ended != connections_.end()) {
      End(ended->second);
      connections_.erase(ended);
    }
    if (IsTooMany(*peer)) {
      lock.unlock();
      return on_too_many(*peer);
    }
    connections_.emplace(fd, Connection{own, *std::move(peer)});
  }
  std::move(close_own).Cancel();
  std::move(close_fd).Cancel();
  on_connection(fd);
}

}  // namespace tagdrift::serve
