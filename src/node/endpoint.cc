#include "endpoint.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "tagdrift/node/runtime.h"
#include "tagdrift/text/percent.h"

namespace tagdrift::node {
namespace {

constexpr std::string_view kExample = "unix:///run/containerd/containerd.sock";

absl::Status NoSuchSocket(const std::string& path) {
  std::string others;
  for (const std::string& known : KnownSockets()) {
    struct stat found = {};
    if (known == path || ::stat(known.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) continue;
    others += (others.empty() ? "" : ", ") + std::string("unix://") + known;
  }
  const std::string advice = others.empty()
                                 ? "is containerd running on this machine? --runtime-endpoint names its socket"
                                 : "found here: " + others + "; choose one with --runtime-endpoint";
  return absl::NotFoundError("connecting to " + path + ": no such socket; " + advice);
}

absl::Status SocketError(const std::string& path, int error) {
  const std::string doing = "connecting to " + path + ": ";
  if (error == ENOENT) return NoSuchSocket(path);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(doing + "permission denied; run as root");
  if (error == ENOTDIR || error == ENOTSOCK) return absl::FailedPreconditionError(doing + "not a socket");
  if (error == ECONNREFUSED) {
    return absl::UnavailableError(doing + "nobody listens there; is the container runtime running?");
  }
  if (error == EPROTOTYPE) return absl::FailedPreconditionError(doing + "not a stream socket, so no runtime's");
  return absl::UnavailableError(doing + std::generic_category().message(error));
}

}  // namespace

absl::StatusOr<std::string> SocketPath(const std::string& endpoint) {
  std::string path = endpoint;
  for (std::string_view scheme : {"unix://", "unix:"}) {
    if (!path.starts_with(scheme)) continue;
    path.erase(0, scheme.size());
    break;
  }
  const std::string doing = "runtime endpoint \"" + endpoint + "\": ";
  if (!path.starts_with('/') || path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(doing + "not a unix endpoint with an absolute path; expected the form " +
                                      std::string(kExample));
  }
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(doing + "the path is longer than the " +
                                      std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                                      " bytes a unix socket's may have");
  }
  return path;
}

absl::Status ProbeSocket(const std::string& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0) return SocketError(path, errno);
  if (!S_ISSOCK(found.st_mode)) return SocketError(path, ENOTSOCK);
  const int socket = ConnectSocket(path);
  if (socket >= 0) {
    ::close(socket);
    return absl::OkStatus();
  }
  // The queue of a busy listener is full: it is there, and the first call has a deadline.
  if (errno == EAGAIN) return absl::OkStatus();
  return SocketError(path, errno);
}

std::string ChannelTarget(const std::string& path) { return "unix:" + text::PercentEncoded(path); }

const std::vector<std::string>& KnownSockets() {
  static const std::vector<std::string> sockets = {
      "/run/containerd/containerd.sock",
      "/run/k3s/containerd/containerd.sock",
      "/var/snap/microk8s/common/run/containerd.sock",
      "/run/k0s/containerd.sock",
      "/var/run/crio/crio.sock",
      "/run/docker/containerd/containerd.sock",
  };
  return sockets;
}

int ConnectSocket(const std::string& path) {
  sockaddr_un address = {};
  if (path.size() >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return -1;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return socket;
  const int error = errno;
  ::close(socket);
  errno = error;
  return -1;
}

}  // namespace tagdrift::node
