// Programs that the program has started, and what they have started, end with it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>

#include "running_binary.h"
#include "scripted_scene.h"

namespace tagdrift::cli {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

/// A named pipe that programs hold open for as long as they live.
class SignOfLife {
 public:
  explicit SignOfLife(const std::string& path) {
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    pipe_ = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ~SignOfLife() { close(pipe_); }
  SignOfLife(const SignOfLife&) = delete;
  SignOfLife& operator=(const SignOfLife&) = delete;

  /// Readable once a program lives.
  int descriptor() const { return pipe_; }
  /// True when the last program that held it has ended.
  bool AwaitEnd() const {
    std::array<char, 64> bytes;
    const auto until = std::chrono::steady_clock::now() + kEver;
    for (;;) {
      pollfd awaited{pipe_, POLLIN, 0};
      const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
      if (left.count() <= 0 || poll(&awaited, 1, static_cast<int>(left.count())) == 0) return false;
      if (read(pipe_, bytes.data(), bytes.size()) == 0) return true;
    }
  }

 private:
  int pipe_;
};

/// A program that hangs together with one that it has started.
void WriteHangingProgram(const ScriptedScene& scene, const std::string& file) {
  scene.folder().Write(file, "#!/bin/sh\nexec 3>'" + scene.folder().path() +
                                 "/life'\n"
                                 "sh -c 'echo alive >&3; exec sleep 1000' &\nsleep 1000\n");
  EXPECT_EQ(chmod((scene.folder().path() + "/" + file).c_str(), 0755), 0);
}

/// Nothing: it ended before it was stopped.
std::optional<Ending> StopWithPrograms(ScriptedScene& scene, const std::vector<std::string>& arguments, int signal,
                                       std::string& said) {
  const std::string pipe = scene.folder().path() + "/life";
  const SignOfLife life(pipe);
  RunningBinary binary(arguments, {{"PATH", scene.folder().path() + "/bin:" + std::getenv("PATH")}});
  const bool lives = binary.Await(life.descriptor());
  const Ending ending = lives ? StopBy(signal, binary) : Ending();
  said = binary.streams().out + binary.streams().err;
  if (ending.exit_code != -1) EXPECT_TRUE(life.AwaitEnd()) << "a program outlives the one that started it";
  EXPECT_EQ(unlink(pipe.c_str()), 0);
  return lives ? std::optional(ending) : std::nullopt;
}

void ExpectAllToEnd(ScriptedScene& scene, const std::vector<std::string>& options) {
  for (const int signal : {SIGTERM, SIGINT}) {
    for (const std::string command : {"check", "refresh"}) {
      SCOPED_TRACE(command + " " + std::to_string(signal));
      std::vector<std::string> arguments = scene.Arguments(command, options);
      arguments.insert(arguments.end(), {"-o", "json", scene.tag()});
      std::string said;
      const auto ending = NotLate([&] { return StopWithPrograms(scene, arguments, signal, said); });
      ASSERT_TRUE(ending) << said;
      EXPECT_EQ(ending->exit_code, 2) << said;
      EXPECT_THAT(said, HasSubstr("stopped"));
    }
  }
}

TEST(Cancellation, EndsADockerCredentialHelperAndWhatItStarted) {
  ScriptedScene scene(0, CallGate::Hang::kUndone, true);
  WriteHangingProgram(scene, "bin/docker-credential-hangs");
  scene.folder().Write("config.json", R"({"credHelpers":{")" + scene.registry() + R"(":"hangs"}})");
  ExpectAllToEnd(scene, {"--auth-file", scene.folder().path() + "/config.json"});
}

TEST(Cancellation, EndsAKubeletCredentialProviderAndWhatItStarted) {
  ScriptedScene scene(0, CallGate::Hang::kUndone, true);
  WriteHangingProgram(scene, "bin/hangs");
  scene.folder().Write("provider.yaml", R"(apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: hangs
  matchImages: [")" + scene.registry() + R"("]
  defaultCacheDuration: 0s
  apiVersion: credentialprovider.kubelet.k8s.io/v1
)");
  ExpectAllToEnd(scene, {"--image-credential-provider-config", scene.folder().path() + "/provider.yaml",
                         "--image-credential-provider-bin-dir", scene.folder().path() + "/bin"});
}

}  // namespace
}  // namespace tagdrift::cli
