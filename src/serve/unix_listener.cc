#include "serve/unix_listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"

namespace tagdrift::serve {
namespace {

constexpr int kBacklog = 128;

std::optional<std::string> PeerUid(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return std::to_string(peer.uid);
}

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
  std::move(close_listening).Cancel();
  auto acceptor = Acceptor::Make(
      listening,
      {.peer = PeerUid, .most_connections = options.most_connections, .most_of_one_peer = options.most_of_one_uid});
  if (!acceptor.ok()) return acceptor.status();
  return std::unique_ptr<UnixListener>(new UnixListener(std::move(options.path), *std::move(acceptor)));
}

UnixListener::~UnixListener() {
  Cut();
  unlink(path_.c_str());
}

std::optional<uid_t> UnixListener::UidOf(int fd) const {
  const std::optional<std::string> peer = acceptor_->PeerOf(fd);
  uid_t uid = 0;
  if (!peer || std::from_chars(peer->data(), peer->data() + peer->size(), uid).ec != std::errc()) return std::nullopt;
  return uid;
}

}  // namespace tagdrift::serve
