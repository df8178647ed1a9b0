#include "socket_failure.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace tagdrift::remote {
namespace {

/// 0, or what the system says.
int ConnectError(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return errno;
  const int error = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno;
  ::close(socket);
  // The queue of a busy listener is full: it is there.
  return error == EAGAIN ? 0 : error;
}

std::string GroupName(gid_t id) {
  std::array<char, 4096> buffer;
  group entry{};
  group* found = nullptr;
  if (getgrgid_r(id, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->gr_name;
  return std::to_string(id);
}

std::string UserName(uid_t id) {
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return std::to_string(id);
}

absl::Status Denied(const std::string& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0) {
    return absl::PermissionDeniedError(
        fmt::format("agent unix://{}: permission denied, already for its folder; run as root", path));
  }
  const std::string group = (found.st_mode & S_IWGRP) != 0 ? " and group " + GroupName(found.st_gid) : "";
  return absl::PermissionDeniedError(
      fmt::format("agent unix://{}: permission denied; it is for user {}{} (mode {:04o})", path, UserName(found.st_uid),
                  group, found.st_mode & 07777));
}

}  // namespace

absl::Status SocketFailure(const std::string& path) {
  const int error = ConnectError(path);
  const auto nobody = [&](absl::StatusCode code, const char* why) {
    return absl::Status(
        code,
        fmt::format("no agent listens at unix://{}: {}; is the DaemonSet, or tagdrift serve, running?", path, why));
  };
  struct stat found = {};
  if (error == 0) return absl::OkStatus();
  if (error == EACCES || error == EPERM) return Denied(path);
  if (error == ENOENT) return nobody(absl::StatusCode::kNotFound, "no such socket");
  if (error == ECONNREFUSED && ::stat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) {
    return nobody(absl::StatusCode::kUnavailable, "its socket is left over");
  }
  if (error == ECONNREFUSED || error == ENOTDIR || error == ENOTSOCK || error == EPROTOTYPE) {
    return nobody(absl::StatusCode::kFailedPrecondition, "that is not a stream socket");
  }
  return absl::UnavailableError(fmt::format("agent unix://{}: {}", path, std::generic_category().message(error)));
}

}  // namespace tagdrift::remote
