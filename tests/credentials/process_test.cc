#include "tagdrift/credentials/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "node/temporary_folder.h"
#include "process_watch.h"

namespace tagdrift::credentials {
namespace {

using testing::HasSubstr;

Command Shell(const std::string& script) {
  return {.arguments = {"/bin/sh", "-c", script},
          .environment = {"PATH=/usr/bin:/bin"},
          .limit = absl::Seconds(60),
          .output_limit = 64 * 1024};
}

absl::StatusOr<Ending> Execute(const Command& command, std::stop_token stop = {}) {
  return SystemProcess()->Run(command, {.stop = std::move(stop)});
}

TEST(SystemProcess, GivesInputAndTakesBothOutputs) {
  Command command = Shell("cat; echo oops >&2; exit 3");
  command.input = "r.example";
  const auto ending = Execute(command);
  ASSERT_TRUE(ending.ok()) << ending.status();
  EXPECT_EQ(ending->exit_code, 3);
  EXPECT_EQ(ending->output, "r.example");
  EXPECT_EQ(ending->errors, "oops\n");
}

TEST(SystemProcess, TellsASignalFromAnExitCode) {
  const auto ending = Execute(Shell("kill -TERM $$"));
  ASSERT_TRUE(ending.ok()) << ending.status();
  EXPECT_EQ(ending->exit_code, 128 + SIGTERM);
}

TEST(SystemProcess, GivesTheEnvironmentAndNoMore) {
  Command command = Shell("");
  command.arguments = {"/usr/bin/env"};
  command.environment = {"A=b"};
  setenv("TAGDRIFT_TEST_PLANTED", "x", 1);
  const auto ending = Execute(command);
  unsetenv("TAGDRIFT_TEST_PLANTED");
  ASSERT_TRUE(ending.ok()) << ending.status();
  EXPECT_EQ(ending->output, "A=b\n");
}

TEST(SystemProcess, PassesNoOtherDescriptorOn) {
  const int left_open = open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  const int high = fcntl(left_open, F_DUPFD, 200);
  // The shell opens the folder itself, so its own listing has one more.
  const auto ending = Execute(Shell("for fd in 3 4 5 6 7 8 9 200; do [ -e /proc/$$/fd/$fd ] && echo $fd; done; true"));
  close(left_open);
  close(high);
  ASSERT_TRUE(ending.ok()) << ending.status();
  EXPECT_EQ(ending->output, "");
}

TEST(SystemProcess, StartsWithDefaultSignalsAndNoneBlocked) {
  signal(SIGPIPE, SIG_IGN);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const auto ending = Execute(Shell("grep -E '^Sig(Blk|Ign)' /proc/self/status"));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  signal(SIGPIPE, SIG_DFL);
  ASSERT_TRUE(ending.ok()) << ending.status();
  unsigned long long blocked = ~0ULL;
  unsigned long long ignored = ~0ULL;
  ASSERT_EQ(sscanf(ending->output.c_str(), "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2) << ending->output;
  EXPECT_EQ(blocked, 0U);
  EXPECT_EQ(ignored & 0x7fffffff, 0U) << "the C library ignores two signals of its own above 31";
}

TEST(SystemProcess, SaysWhatCannotBeStarted) {
  Command command = Shell("");
  command.arguments = {"/no/such/program"};
  EXPECT_THAT(std::string(Execute(command).status().message()), HasSubstr("No such file"));
  command.arguments = {"/etc/passwd"};
  EXPECT_THAT(std::string(Execute(command).status().message()), HasSubstr("Permission denied"));
}

TEST(SystemProcess, EndsWhatWritesTooMuch) {
  const auto ending = Execute(Shell("while :; do echo 0123456789; done"));
  EXPECT_TRUE(absl::IsResourceExhausted(ending.status())) << ending.status();
}

TEST(SystemProcess, TakesOutputUpToTheLimit) {
  Command command = Shell("printf 0123456789");
  command.output_limit = 10;
  ASSERT_TRUE(Execute(command).ok());
  command.output_limit = 9;
  EXPECT_TRUE(absl::IsResourceExhausted(Execute(command).status()));
}

TEST(SystemProcess, KeepsTheBeginningOfAFloodOfErrors) {
  const auto ending =
      Execute(Shell("echo first >&2; i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo ok"));
  ASSERT_TRUE(ending.ok()) << ending.status();
  EXPECT_EQ(ending->output, "ok\n");
  EXPECT_EQ(ending->errors.size(), 4096U);
  EXPECT_TRUE(ending->errors.starts_with("first\n"));
}

TEST(SystemProcess, DoesNotWaitForInputThatIsNotRead) {
  Command command = Shell("exit 0");
  command.input = std::string(1024 * 1024, 'x');
  EXPECT_TRUE(Execute(command).ok());
}

/// The children of what is run go with it, also when only they are left.
TEST(SystemProcess, LeavesNothingOfTheGroup) {
  const node::TemporaryFolder folder;
  const std::string pid_file = folder.path() + "/pid";
  struct Row {
    const char* name;
    std::string rest;
    absl::Duration limit;
    absl::StatusCode code;
  };
  for (const Row& row : {Row{"AtTheEnd", "exit 0", absl::Seconds(60), absl::StatusCode::kOk},
                         Row{"AtTheLimit", "trap '' TERM; while :; do sleep 1000; done", absl::Milliseconds(300),
                             absl::StatusCode::kDeadlineExceeded}}) {
    Command command = Shell("sleep 1000 & echo $! > " + pid_file + "; " + row.rest);
    command.limit = row.limit;
    const auto ending = Execute(command);
    EXPECT_EQ(ending.status().code(), row.code) << row.name << ending.status();
    const std::string pid = ReadAll(pid_file);
    if (!pid.empty()) AwaitEnd(std::stoi(pid));
    std::filesystem::remove(pid_file);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << row.name << ": a zombie is left";
    EXPECT_EQ(errno, ECHILD) << row.name;
  }
}

TEST(SystemProcess, IsStopped) {
  std::stop_source stop;
  const node::TemporaryFolder folder;
  const std::string started = folder.path() + "/started";
  absl::StatusOr<Ending> ending = Ending{};
  std::jthread runner([&] { ending = Execute(Shell("echo x > " + started + "; sleep 1000"), stop.get_token()); });
  while (!std::filesystem::exists(started)) std::this_thread::yield();
  stop.request_stop();
  runner.join();
  EXPECT_TRUE(absl::IsCancelled(ending.status())) << ending.status();
}

TEST(SystemProcess, IsGoneWithAllThatIgnoresSigtermSoonAfterTheStop) {
  std::stop_source stop;
  const node::TemporaryFolder folder;
  const std::string pids = folder.path() + "/pids";
  absl::StatusOr<Ending> ending = Ending{};
  std::jthread runner([&] {
    ending = Execute(Shell("trap '' TERM; sleep 1000 & echo $$ $! > " + pids + ".new; mv " + pids + ".new " + pids +
                           "; while :; do sleep 1000; done"),
                     stop.get_token());
  });
  const auto [leader, grandchild] = AwaitPids(pids);
  const auto stopped = std::chrono::steady_clock::now();
  stop.request_stop();
  runner.join();
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, std::chrono::seconds(30));
  EXPECT_TRUE(absl::IsCancelled(ending.status())) << ending.status();
  EXPECT_EQ(kill(leader, 0), -1) << "the program has not been waited for";
  AwaitEnd(grandchild);
}

TEST(SystemProcess, EndsAtItsCallersDeadlineWhateverItsLimit) {
  for (const absl::Duration limit : {absl::Seconds(60), absl::InfiniteDuration()}) {
    Command command = Shell("sleep 1000");
    command.limit = limit;
    const CallContext context{.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(30)};
    const absl::Status status = SystemProcess()->Run(command, context).status();
    EXPECT_EQ(status, absl::CancelledError("no time is left")) << limit;
    EXPECT_GE(std::chrono::steady_clock::now(), context.deadline);
    EXPECT_TRUE(absl::IsCancelled(SystemProcess()->Run(command, context).status())) << "started though no time is left";
  }
}

TEST(SystemProcess, EndsAtItsLimitWhateverItsCallersDeadline) {
  Command command = Shell("sleep 1000");
  command.limit = absl::Milliseconds(30);
  const CallContext context{.deadline = std::chrono::steady_clock::now() + std::chrono::minutes(10)};
  EXPECT_TRUE(absl::IsDeadlineExceeded(SystemProcess()->Run(command, context).status()));
}

/// Another process runs the program, and is killed: no code of it runs any more.
TEST(SystemProcess, DiesWithItsCallerThatIsKilled) {
  std::stop_source stop;
  const node::TemporaryFolder folder;
  const std::string pids = folder.path() + "/pids";
  Command command = Shell("");
  command.arguments = {TAGDRIFT_RUN_PROGRAM, "/bin/sh", "-c",
                       "echo $PPID $$ > " + pids + ".new; mv " + pids + ".new " + pids + "; exec sleep 1000"};
  std::jthread runner([&] { EXPECT_TRUE(absl::IsCancelled(Execute(command, stop.get_token()).status())); });
  const auto [caller, program] = AwaitPids(pids);
  EXPECT_NE(getpgid(program), getpgid(caller)) << "the caller's end would kill the program in any case";
  stop.request_stop();
  runner.join();
  AwaitEnd(program);
}

TEST(SystemProcess, GetsAllThreeDescriptorsWhereItsCallerHasNone) {
  const auto ending = Execute(Shell(std::string("exec ") + TAGDRIFT_RUN_PROGRAM +
                                    " /bin/sh -c 'cat; echo oops >&2; ls -l /proc/self/fd/2' <&- 2>&-"));
  ASSERT_TRUE(ending.ok()) << ending.status();
  EXPECT_THAT(ending->output, testing::AllOf(testing::StartsWith("input|"), HasSubstr("pipe:"), HasSubstr("|oops\n")));
}

TEST(SystemProcess, IsNotStartedWhenAlreadyStopped) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(absl::IsCancelled(Execute(Shell("sleep 1000"), stop.get_token()).status()));
}

TEST(SystemProcess, LeavesNoDescriptorOpen) {
  const auto count = [] {
    std::size_t descriptors = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++descriptors;
    return descriptors;
  };
  const std::size_t before = count();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Execute(Shell("echo x")).ok());
  Command command = Shell("");
  command.arguments = {"/no/such/program"};
  EXPECT_FALSE(Execute(command).ok());
  EXPECT_EQ(count(), before);
}

}  // namespace
}  // namespace tagdrift::credentials
