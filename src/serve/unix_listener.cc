#include "serve/unix_listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"

namespace tagdrift::serve {
namespace {

constexpr int kBacklog = 128;
/// Without descriptors or memory for one more there is nothing to do but wait until some have been given back.
constexpr std::chrono::milliseconds kExhausted(200);

absl::Status Failed(const std::string& doing, const std::string& path) {
  return absl::ErrnoToStatus(errno, doing + " " + path);
}

}  // namespace

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Open(Options options) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options.path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(options.path + " is too long for a socket's path");
  }
  std::memcpy(address.sun_path, options.path.c_str(), options.path.size() + 1);
  const int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listening < 0) return Failed("making a socket for", options.path);
  absl::Cleanup close_listening = [listening] { close(listening); };
  struct stat status {};
  if (lstat(options.path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return absl::FailedPreconditionError(options.path + " is there and is no socket");
    if (unlink(options.path.c_str()) != 0) return Failed("removing the old", options.path);
  }
  // Nobody may connect before mode and group are set.
  const mode_t mask = umask(0177);
  const int bound = bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  umask(mask);
  if (bound != 0) return Failed("binding", options.path);
  if (options.group && chown(options.path.c_str(), static_cast<uid_t>(-1), *options.group) != 0) {
    return Failed("setting the group of", options.path);
  }
  if (chmod(options.path.c_str(), options.mode) != 0) return Failed("setting the mode of", options.path);
  if (listen(listening, kBacklog) != 0) return Failed("listening on", options.path);
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) return Failed("making an eventfd for", options.path);
  std::move(close_listening).Cancel();
  return std::unique_ptr<UnixListener>(new UnixListener(std::move(options), listening, wake));
}

UnixListener::~UnixListener() {
  Cut();
  if (accepting_.joinable()) accepting_.join();
  for (const auto& [fd, connection] : connections_) close(connection.own);
  unlink(options_.path.c_str());
  close(listening_);
  close(wake_);
}

void UnixListener::Accept(OnConnection on_connection) {
  accepting_ = std::jthread(
      [this, on_connection = std::move(on_connection)](const std::stop_token& stop) { Run(stop, on_connection); });
}

void UnixListener::Cut() {
  accepting_.request_stop();
  const std::lock_guard lock(mutex_);
  cut_ = true;
  for (const auto& [fd, connection] : connections_) shutdown(connection.own, SHUT_RDWR);
  const std::uint64_t one = 1;
  (void)!write(wake_, &one, sizeof(one));
}

std::optional<uid_t> UnixListener::UidOf(int fd) const {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(fd);
  return found == connections_.end() ? std::nullopt : std::optional(found->second.uid);
}

int UnixListener::connections() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(connections_.size());
}

bool UnixListener::IsTooMany(uid_t uid) const {
  const auto of_uid = std::ranges::count_if(connections_, [&](const auto& entry) { return entry.second.uid == uid; });
  return cut_ || static_cast<int>(connections_.size()) >= options_.most_connections ||
         of_uid >= options_.most_of_one_uid;
}

void UnixListener::Run(const std::stop_token& stop, const OnConnection& on_connection) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> polled = {{wake_, POLLIN, 0}, {listening_, POLLIN, 0}};
    std::vector<int> handed_on;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [fd, connection] : connections_) {
        polled.push_back({connection.own, POLLRDHUP, 0});
        handed_on.push_back(fd);
      }
    }
    if (poll(polled.data(), polled.size(), -1) < 0) {
      std::this_thread::sleep_for(kExhausted);
      continue;
    }
    for (std::size_t i = 0; i < handed_on.size(); ++i) {
      if ((polled[i + 2].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) Forget(handed_on[i]);
    }
    if ((polled[1].revents & POLLIN) != 0) TakeOne(on_connection);
  }
}

void UnixListener::Forget(int fd) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return;
  close(found->second.own);
  connections_.erase(found);
}

void UnixListener::TakeOne(const OnConnection& on_connection) {
  const int fd = accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      std::this_thread::sleep_for(kExhausted);
    }
    return;
  }
  absl::Cleanup close_fd = [fd] { close(fd); };
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return;
  {
    const std::lock_guard lock(mutex_);
    // One of the same number has ended: its owner has closed it.
    const auto ended = connections_.find(fd);
    if (ended != connections_.end()) {
      close(ended->second.own);
      connections_.erase(ended);
    }
    if (IsTooMany(peer.uid)) {
      close(own);
      return;
    }
    connections_.emplace(fd, Connection{own, peer.uid});
  }
  std::move(close_fd).Cancel();
  on_connection(fd);
}

}  // namespace tagdrift::serve
