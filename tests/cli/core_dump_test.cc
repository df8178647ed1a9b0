// What crashes with credentials in its memory must leave no copy of it.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include "node/temporary_folder.h"
#include "running_binary.h"

namespace tagdrift::cli {
namespace {

/// A unix socket that lets clients connect and says nothing.
class SilentSocket {
 public:
  explicit SilentSocket(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(socket_, 4), 0);
  }
  ~SilentSocket() { ::close(socket_); }
  SilentSocket(const SilentSocket&) = delete;
  SilentSocket& operator=(const SilentSocket&) = delete;

  int descriptor() const { return socket_; }

  /// The process that connects next.
  pid_t Client() const {
    const int client = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    ucred peer = {};
    socklen_t size = sizeof(peer);
    EXPECT_EQ(::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size), 0);
    ::close(client);
    return peer.pid;
  }

 private:
  int socket_;
};

/// The line of /proc/PID/limits that begins with `name`, its columns set apart by one space.
std::string LimitOf(pid_t pid, const std::string& name) {
  std::ifstream limits("/proc/" + std::to_string(pid) + "/limits");
  for (std::string line; std::getline(limits, line);) {
    if (!line.starts_with(name)) continue;
    std::string columns;
    for (const char c : line) {
      if (c != ' ' || !columns.ends_with(' ')) columns += c;
    }
    return columns;
  }
  return "";
}

TEST(CoreDumps, AreOffBeforeTheRuntimeIsAsked) {
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_CORE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_CORE, &limit), 0);
  const node::TemporaryFolder folder;
  const std::string path = folder.path() + "/s";
  const SilentSocket socket(path);
  RunningBinary program({"check", "--runtime-endpoint", "unix://" + path});
  ASSERT_TRUE(program.Await(socket.descriptor())) << program.streams().err;
  EXPECT_EQ(LimitOf(socket.Client(), "Max core file size"), "Max core file size 0 0 bytes ");
}

}  // namespace
}  // namespace tagdrift::cli
