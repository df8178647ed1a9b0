#pragma once

#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <thread>

namespace tagdrift::serve {

/// Over one connection to the socket at `path`, made as another user than this process is. Null where this process has
/// no right to that: only root does.
inline std::shared_ptr<grpc::Channel> ChannelOfAnotherUser(const std::string& path) {
  constexpr uid_t kAnother = 4711;
  // Of the whole process, which is not dumpable once a thread is another user; LeakSanitizer looks at it as gdb does.
  const int dumpable = prctl(PR_GET_DUMPABLE);
  int connected = -1;
  // The system calls themselves are about one thread, which ends with what it was given. It is let through to the
  // socket as root is.
  std::jthread([&] {
    if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) != 0) return;
    if (syscall(SYS_setresuid, -1, kAnother, -1) != 0) return;
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      close(fd);
      return;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    connected = fd;
  }).join();
  prctl(PR_SET_DUMPABLE, dumpable);
  return connected < 0 ? nullptr : grpc::CreateInsecureChannelFromFd("another-user", connected);
}

}  // namespace tagdrift::serve
