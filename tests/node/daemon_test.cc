#include "node/daemon.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "tagdrift/node/settings.h"
#include "temporary_folder.h"

namespace tagdrift::node {
namespace {

using testing::ElementsAre;
using testing::Pair;

/// A listening unix socket.
class Listener {
 public:
  explicit Listener(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(socket_, 4), 0);
  }
  ~Listener() { ::close(socket_); }

 private:
  int socket_;
};

/// `cat` under another name and with that environment: it runs until its input ends.
class WaitingProcess {
 public:
  explicit WaitingProcess(std::vector<std::string> environment) {
    EXPECT_EQ(::pipe2(input_, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(output_, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) Execute(environment);
    // What comes back proves that the program runs.
    char byte = 'x';
    EXPECT_EQ(::write(input_[1], &byte, 1), 1);
    ::close(output_[1]);
    EXPECT_EQ(::read(output_[0], &byte, 1), 1);
  }
  ~WaitingProcess() {
    for (const int end : {input_[0], input_[1], output_[0]}) ::close(end);
    ::waitpid(pid_, nullptr, 0);
  }

  int pid() const { return pid_; }

 private:
  [[noreturn]] void Execute(std::vector<std::string>& environment) const {
    std::vector<char*> variables;
    for (std::string& text : environment) variables.push_back(text.data());
    variables.push_back(nullptr);
    char name[] = "containerd-like";
    char* arguments[] = {name, nullptr};
    ::dup2(input_[0], STDIN_FILENO);
    ::dup2(output_[1], STDOUT_FILENO);
    ::execve("/bin/cat", arguments, variables.data());
    ::_exit(127);
  }

  int input_[2] = {-1, -1};
  int output_[2] = {-1, -1};
  int pid_ = -1;
};

TEST(ConfigArgument, UnderstandsEveryFormOfTheFlag) {
  struct Case {
    const char* name;
    std::vector<std::string> command_line;
    std::optional<std::string> file;
  };
  const Case cases[] = {
      {"long", {"/usr/bin/containerd", "--config", "/a"}, "/a"},
      {"long with =", {"containerd", "--config=/a"}, "/a"},
      {"one dash", {"containerd", "-config", "/a"}, "/a"},
      {"one dash with =", {"containerd", "-config=/a"}, "/a"},
      {"short", {"containerd", "-c", "/a", "-a", "/run/x.sock"}, "/a"},
      {"short with =", {"containerd", "-c=/a"}, "/a"},
      {"among others", {"containerd", "--log-level", "info", "--config", "/a", "--root", "/r"}, "/a"},
      {"the last counts", {"containerd", "-c", "/a", "-c", "/b"}, "/b"},
      {"microk8s", {"/snap/microk8s/1/bin/containerd", "--config", "/var/snap/x.toml"}, "/var/snap/x.toml"},
      {"none", {"containerd"}, std::nullopt},
      {"no value", {"containerd", "--config"}, std::nullopt},
      {"similar flag", {"containerd", "--config-dir", "/a", "--configs=/b"}, std::nullopt},
      {"another program", {"/bin/sh", "-c", "containerd"}, std::nullopt},
      {"nothing", {}, std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(ConfigArgument(c.command_line), c.file);
  }
}

TEST(ListenerPid, IsTheProcessThatListens) {
  TemporaryFolder folder;
  const std::string socket = folder.path() + "/x.sock";
  EXPECT_EQ(ListenerPid(socket), std::nullopt);
  Listener listener(socket);
  EXPECT_EQ(ListenerPid(socket), ::getpid());
}

TEST(ListenerPid, IsUnknownForWhatIsNoSocket) {
  TemporaryFolder folder;
  folder.Write("file", "");
  EXPECT_EQ(ListenerPid(folder.path() + "/file"), std::nullopt);
  EXPECT_EQ(ListenerPid("/" + std::string(300, 'x')), std::nullopt);
}

TEST(CommandLine, IsTheProcesssOwn) {
  const WaitingProcess process({});
  EXPECT_EQ(CommandLine(process.pid()), std::vector<std::string>{"containerd-like"});
}

TEST(ProxyEnvironment, HoldsOnlyTheProxyVariables) {
  const WaitingProcess process({"HTTPS_PROXY=http://proxy:3128", "no_proxy=a,b=c", "SECRET=x",
                                "HTTP_PROXY=", "HTTPS_PROXY=http://second", "HTTP_PROXY_EXTRA=x", "NO_PROXY"});
  const auto variables = ProxyEnvironment(process.pid());
  ASSERT_TRUE(variables.has_value());
  EXPECT_THAT(*variables,
              ElementsAre(Pair("HTTPS_PROXY", "http://proxy:3128"), Pair("HTTP_PROXY", ""), Pair("no_proxy", "a,b=c")));
}

TEST(ProxyEnvironment, IsUnknownForAProcessThatIsNotThere) {
  int pid = 0;
  {
    const WaitingProcess process({});
    pid = process.pid();
  }
  EXPECT_EQ(ProxyEnvironment(pid), std::nullopt);
  EXPECT_EQ(CommandLine(pid), std::nullopt);
}

}  // namespace
}  // namespace tagdrift::node
