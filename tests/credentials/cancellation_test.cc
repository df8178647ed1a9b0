#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <latch>
#include <ostream>
#include <thread>

#include "process_watch.h"
#include "scene.h"

namespace tagdrift::credentials {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

constexpr char kHelperAnswer[] = R"({"Username":"u","Secret":"pw"})";
constexpr char kProviderAnswer[] =
    R"({"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1",)"
    R"("cacheKeyType":"Image","auth":{"r.example":{"username":"u","password":"pw"}}})";

/// One kind of program that a look-up runs.
struct Kind {
  friend void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

  const char* name;
  void (*add)(Scene&);
  const char* program;
  const char* answer;  ///< u:pw
  const char* error;   ///< begins so
};

void AddHelper(Scene& scene) { scene.options.auth_files = {scene.Write("config.json", R"({"credsStore":"x"})")}; }

void AddProvider(Scene& scene) {
  scene.options.provider_config = scene.Write("p.json", R"({"apiVersion":"kubelet.config.k8s.io/v1",
    "kind":"CredentialProviderConfig","providers":[{"name":"p","matchImages":["r.example"],
    "defaultCacheDuration":"1h","apiVersion":"credentialprovider.kubelet.k8s.io/v1"}]})");
  scene.options.provider_bin_dir = scene.Path("bin");
}

class Cancellation : public testing::TestWithParam<Kind> {
 protected:
  Cancellation() {
    scene.WriteProgram(GetParam().program);
    GetParam().add(scene);
  }

  /// Programs hang until their call ends, as SystemProcess has it; `begun` tells of the first. From `answers_from` on
  /// they answer.
  void Hang(std::size_t answers_from) {
    scene.programs->WillInContext(
        [this, answers_from](const Command&, const CallContext& context) -> absl::StatusOr<Ending> {
          if (scene.programs->calls().size() >= answers_from) return Ending{0, GetParam().answer, ""};
          if (scene.programs->calls().size() == 1) begun.count_down();
          if (SystemClock()->WaitUntil(context.deadline, context.stop)) return absl::CancelledError("no time is left");
          return absl::CancelledError("was stopped");
        });
  }

  Scene scene;
  std::latch begun{1};
};

/// A look-up in a thread of its own.
class Finding {
 public:
  Finding(const Scene& scene, std::string repository, SteadyTime deadline = SteadyTime::max())
      : thread_([this, &scene, repository = std::move(repository), deadline] {
          number_ = gettid();
          asks_.count_down();
          found_ = scene.Find("r.example", repository, {.deadline = deadline, .stop = stop_.get_token()});
        }) {}
  ~Finding() { stop_.request_stop(); }

  /// Waits until it waits.
  void AwaitWaiting() {
    asks_.wait();
    AwaitSleep(number_);
  }
  void Stop() { stop_.request_stop(); }
  std::string Found() {
    thread_.join();
    return found_;
  }

 private:
  std::stop_source stop_;
  pid_t number_ = 0;
  std::latch asks_{1};
  std::string found_;
  std::jthread thread_;
};

/// The real thing: a program that hangs and ignores SIGTERM, with a child that does too.
TEST_P(Cancellation, EndsAProgramThatIgnoresSigtermWithItsChildren) {
  scene.options.process = SystemProcess();
  const auto write = [this](const std::string& script) {
    std::filesystem::permissions(scene.Write(GetParam().program, "#!/bin/sh\nPATH=/usr/bin:/bin\n" + script),
                                 std::filesystem::perms::owner_all);
  };
  const std::string pids = scene.Path("pids");
  write("trap '' TERM; sleep 1000 & echo $$ $! > " + pids + ".new; mv " + pids + ".new " + pids +
        "; while :; do sleep 1000; done\n");
  ASSERT_EQ(scene.Open(), "");
  Finding finding(scene, "app");
  const auto [leader, grandchild] = AwaitPids(pids);
  const auto stopped = std::chrono::steady_clock::now();
  finding.Stop();
  EXPECT_THAT(finding.Found(), AllOf(HasSubstr(GetParam().error), HasSubstr("was stopped")));
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, std::chrono::seconds(30));
  AwaitEnd(leader);
  AwaitEnd(grandchild);
  write("cat > " + pids + ".in; echo '" + GetParam().answer + "'\n");
  EXPECT_EQ(scene.Find("r.example", "app"), "u:pw");
}

TEST_P(Cancellation, IsNotRemembered) {
  Hang(3);
  ASSERT_EQ(scene.Open(), "");
  Finding stopped(scene, "app");
  begun.wait();
  stopped.Stop();
  EXPECT_THAT(stopped.Found(), AllOf(HasSubstr(GetParam().error), HasSubstr("was stopped")));
  // Time enough for the program to begin: otherwise the next one hangs.
  const SteadyTime soon = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  EXPECT_THAT(scene.Find("r.example", "app", {.deadline = soon}), HasSubstr("no time is left"));
  EXPECT_EQ(scene.Find("r.example", "app"), "u:pw");
  EXPECT_EQ(scene.programs->calls().size(), 3U);
}

TEST_P(Cancellation, OfWhoRunsTheProgramLetsAnotherRunIt) {
  Hang(2);
  ASSERT_EQ(scene.Open(), "");
  Finding runner(scene, "app");
  begun.wait();
  std::vector<std::unique_ptr<Finding>> others;
  for (int i = 0; i < 6; ++i) {
    others.push_back(std::make_unique<Finding>(scene, "app"));
    others.back()->AwaitWaiting();
  }
  runner.Stop();
  EXPECT_THAT(runner.Found(), HasSubstr("was stopped"));
  for (const auto& other : others) EXPECT_EQ(other->Found(), "u:pw");
  EXPECT_EQ(scene.programs->calls().size(), 2U);
}

TEST_P(Cancellation, EndsWaitingForAnothersProgram) {
  Hang(2);
  ASSERT_EQ(scene.Open(), "");
  Finding runner(scene, "app");
  begun.wait();
  Finding stopped(scene, "app");
  Finding late(scene, "app", std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  stopped.AwaitWaiting();
  stopped.Stop();
  EXPECT_THAT(stopped.Found(), HasSubstr("was stopped"));
  EXPECT_THAT(late.Found(), HasSubstr("no time is left"));
  EXPECT_EQ(scene.programs->calls().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(, Cancellation,
                         testing::Values(Kind{.name = "Helper",
                                              .add = AddHelper,
                                              .program = "bin/docker-credential-x",
                                              .answer = kHelperAnswer,
                                              .error = "error: credential helper docker-credential-x for r.example: "},
                                         Kind{.name = "Provider",
                                              .add = AddProvider,
                                              .program = "bin/p",
                                              .answer = kProviderAnswer,
                                              .error = "error: credential provider p for r.example/app: "}),
                         [](const auto& one) { return one.param.name; });

class ProviderTurn : public Cancellation {};

/// One run of a provider at a time: another image waits for its turn.
TEST_P(ProviderTurn, IsNotWaitedForAfterAStopOrTheDeadline) {
  Hang(2);
  ASSERT_EQ(scene.Open(), "");
  Finding runner(scene, "app");
  begun.wait();
  Finding stopped(scene, "one");
  Finding late(scene, "two", std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  Finding patient(scene, "three");
  stopped.AwaitWaiting();
  patient.AwaitWaiting();
  stopped.Stop();
  EXPECT_THAT(stopped.Found(), HasSubstr("error: credential provider p for r.example/one: was stopped"));
  EXPECT_THAT(late.Found(), HasSubstr("error: credential provider p for r.example/two: no time is left"));
  EXPECT_EQ(scene.programs->calls().size(), 1U);
  runner.Stop();
  EXPECT_EQ(patient.Found(), "u:pw");
}

INSTANTIATE_TEST_SUITE_P(
    , ProviderTurn,
    testing::Values(Kind{
        .name = "Provider", .add = AddProvider, .program = "bin/p", .answer = kProviderAnswer, .error = ""}),
    [](const auto& one) { return one.param.name; });

/// An answer of some of the sources only would be taken for that of all.
TEST(CancelledFind, IsAnErrorThoughAnotherSourceHasCredentials) {
  Scene scene;
  scene.WriteProgram("bin/docker-credential-x");
  scene.options.auth_files = {scene.Write("1.json", ConfigWith({{"r.example", "first"}})),
                              scene.Write("2.json", R"({"credsStore":"missing"})"),
                              scene.Write("3.json", R"({"credsStore":"x","auths":{"r.example":{"auth":"dTpw"}}})"),
                              scene.Write("4.json", ConfigWith({{"r.example", "fourth"}}))};
  ASSERT_EQ(scene.Open(), "");
  scene.programs->WillInContext([](const Command&, const CallContext&) { return absl::CancelledError("was stopped"); });
  EXPECT_THAT(scene.Find("r.example", "app"), HasSubstr("error: credential helper docker-credential-x for r.example"));
}

TEST(CancelledFind, IsAnErrorAlsoForASharedRegistryAfterAnotherError) {
  Scene scene;
  scene.WriteProgram("bin/docker-credential-x");
  scene.options.auth_files = {
      scene.Write("1.json", R"({"credHelpers":{"m.example":"missing","s.example":"x"}})"),
      scene.Write("2.json", ConfigWith({{"s.example", "second"}})),
  };
  scene.options.shared = {{"m.example", "s.example"}};
  ASSERT_EQ(scene.Open(), "");
  scene.programs->WillInContext([](const Command&, const CallContext&) { return absl::CancelledError("was stopped"); });
  EXPECT_THAT(scene.Find("m.example", "app"), HasSubstr("docker-credential-x for s.example: was stopped"));
}

/// Rounds learn containerd's own anew while other rounds look for credentials.
TEST(Threads, FindWhileEndpointAuthsAreReplaced) {
  Scene scene;
  scene.endpoint_auths = {{"r.example", {"user", "pw", "", ""}}};
  ASSERT_EQ(scene.Open(), "");
  std::vector<std::string> found(1000);
  {
    const std::jthread finder([&] {
      for (std::string& one : found) one = scene.Find("r.example", "app");
    });
    for (int i = 0; i < 1000; ++i) scene.sources().UseEndpointAuths(scene.endpoint_auths);
  }
  EXPECT_THAT(found, Each("user:pw"));
}

}  // namespace
}  // namespace tagdrift::credentials
