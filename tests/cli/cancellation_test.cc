// Every command, stopped while any one of its calls to the node or to the registry hangs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "running_binary.h"
#include "scripted_scene.h"

namespace tagdrift::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using testing::Contains;
using testing::HasSubstr;

// Sanitized the program takes thirty times as long to start: every seventh call is left for it, all for the other
// build.
#ifdef TAGDRIFT_SANITIZED
constexpr int kStep = 7;
constexpr std::size_t kAtOnce = 1;
#else
constexpr int kStep = 1;
constexpr std::size_t kAtOnce = 4;
#endif
constexpr int kStopped = 128 + SIGTERM;

/// What a stopped run left.
struct Stopped {
  std::string hung;    ///< the call that did
  int exit_code = -1;  ///< as in Ending
  bool late = false;
  std::string out;
  std::string err;
};

/// Runs a command in `scene`, sends `signal` once a call hangs, and waits. Nothing: no call hung until the end.
std::optional<Stopped> StopWhenHanging(ScriptedScene& scene, const std::vector<std::string>& arguments, int number,
                                       int signal = SIGTERM) {
  RunningBinary binary(arguments);
  if (!binary.Await(scene.gate().hanging())) {
    binary.AwaitEnd(kEver);
    return std::nullopt;
  }
  Stopped stopped{.hung = scene.gate().seen().at(static_cast<std::size_t>(number) - 1)};
  const Ending ending = StopBy(signal, binary);
  stopped.exit_code = ending.exit_code;
  stopped.late = ending.late;
  stopped.out = binary.streams().out;
  stopped.err = binary.streams().err;
  return stopped;
}

std::string Told(const Stopped& stopped) {
  return "hanging in " + stopped.hung + "\nexit code " + std::to_string(stopped.exit_code) +
         "\nstdout: " + stopped.out + "\nstderr: " + stopped.err;
}

/// With single blanks for line breaks and indentation.
std::string Unwrapped(const std::string& text) {
  std::istringstream words(text);
  std::string out;
  for (std::string word; words >> word;) out += word + " ";
  return out;
}

/// Nothing was printed because of the stop.
void ExpectStoppedWithoutAnswer(const Stopped& stopped) {
  EXPECT_EQ(stopped.exit_code, kStopped);
  EXPECT_EQ(stopped.out, "");
  EXPECT_THAT(stopped.err, testing::MatchesRegex("(.*\n)?tagdrift: [^\n]*: stopped\n"));
}

/// Lets each call of a command hang in turn, or every so many; some at a time, since a node that hangs is waited for
/// most of a second. Returns the number of calls, with a step at least that.
template <typename Judge>
int ForEachCall(const std::string& command, const std::vector<std::string>& options, CallGate::Hang hang,
                const Judge& judge, int step = kStep) {
  std::mutex mutex;
  int next = 1;
  int end = std::numeric_limits<int>::max();
  const auto take = [&]() -> std::optional<int> {
    const std::lock_guard lock(mutex);
    const int number = std::exchange(next, next + step);
    return number < end ? std::optional(number) : std::nullopt;
  };
  const auto work = [&] {
    while (const std::optional<int> number = take()) {
      SCOPED_TRACE("call " + std::to_string(*number));
      std::optional<ScriptedScene> scene;
      const auto stopped = NotLate([&] {
        scene.emplace(*number, hang);
        std::vector<std::string> arguments = scene->Arguments(command, options);
        if (command != "mirrors") arguments.push_back(scene->tag());
        return StopWhenHanging(*scene, arguments, *number);
      });
      const std::lock_guard lock(mutex);
      if (stopped) {
        SCOPED_TRACE(Told(*stopped));
        judge(*scene, *stopped);
        if (testing::Test::HasFatalFailure()) end = std::min(end, *number + 1);
      } else {
        end = std::min(end, *number);
      }
    }
  };
  {
    std::vector<std::jthread> others;
    while (others.size() + 1 < kAtOnce) others.emplace_back(work);
    work();
  }
  return end - 1;
}

void JudgeCheck(const ScriptedScene&, const Stopped& stopped) {
  if (stopped.out.empty()) return ExpectStoppedWithoutAnswer(stopped);
  const json report = json::parse(stopped.out, nullptr, false);
  ASSERT_FALSE(report.is_discarded());
  EXPECT_THAT(stopped.out, HasSubstr("stopped"));
  // The first answer alone may already say that the tag is stale.
  const int by_report = report["summary"].value("stale", 0) > 0 ? 1 : 2;
  EXPECT_EQ(stopped.exit_code, by_report);
}

TEST(Cancellation, EndsCheckWhateverHangs) {
  EXPECT_GT(ForEachCall("check", {"-o", "json"}, CallGate::Hang::kUndone, JudgeCheck), 12);
}

TEST(Cancellation, EndsCheckOfANodeThatHangsAltogether) {
  EXPECT_GT(ForEachCall("check", {"-o", "json"}, CallGate::Hang::kAllUndone, JudgeCheck), 12);
}

TEST(Cancellation, EndsExplainWhateverHangs) {
  EXPECT_GT(ForEachCall("explain", {"-o", "json"}, CallGate::Hang::kUndone, JudgeCheck), 12);
}

TEST(Cancellation, EndsMirrorsWhateverHangs) {
  EXPECT_GE(ForEachCall("mirrors", {}, CallGate::Hang::kUndone,
                        [](const ScriptedScene&, const Stopped& stopped) { ExpectStoppedWithoutAnswer(stopped); }),
            4);
}

TEST(Cancellation, EndsImagesWhateverHangs) {
  EXPECT_GE(ForEachCall("images", {}, CallGate::Hang::kUndone,
                        [](const ScriptedScene&, const Stopped& stopped) { ExpectStoppedWithoutAnswer(stopped); }),
            4);
}

bool IsOfRegistry(const std::string& call) { return call.starts_with("HEAD ") || call.starts_with("GET "); }

TEST(Cancellation, OfACheckPrintsWhatIsKnown) {
  int of_registry = 0;
  ForEachCall(
      "check", {"-o", "json"}, CallGate::Hang::kUndone,
      [&](ScriptedScene& scene, const Stopped& stopped) {
        if (!IsOfRegistry(stopped.hung)) return;
        ++of_registry;
        EXPECT_THAT(stopped.exit_code, testing::AnyOf(1, 2)) << "as the report says";
        const json report = json::parse(stopped.out, nullptr, false);
        ASSERT_TRUE(report.is_object());
        EXPECT_EQ(report["tags"].at(0).value("reference", ""), scene.tag());
      },
      1);
  EXPECT_GE(of_registry, 2);
}

TEST(Cancellation, OfACheckByCtrlCPrintsATable) {
  ScriptedScene scene(0, CallGate::Hang::kUndone);
  int number = 0;
  {
    RunningBinary whole(scene.Arguments("check", {scene.tag()}));
    ASSERT_TRUE(whole.AwaitEnd(kEver));
    const auto seen = scene.gate().seen();
    number = static_cast<int>(std::ranges::find_if(seen, IsOfRegistry) - seen.begin()) + 1;
  }
  const auto stopped = NotLate([&] {
    ScriptedScene hanging(number);
    return StopWhenHanging(hanging, hanging.Arguments("check", {hanging.tag()}), number, SIGINT);
  });
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->exit_code, 2) << Told(*stopped);
  EXPECT_THAT(stopped->out, testing::StartsWith("1 of 1 tag is undecided"));
  EXPECT_THAT(Unwrapped(stopped->out), HasSubstr("the check was stopped before every answer was there"));
}

TEST(Cancellation, OfAnExplanationPrintsWhatIsKnown) {
  int of_registry = 0;
  ForEachCall(
      "explain", {}, CallGate::Hang::kUndone,
      [&](ScriptedScene& scene, const Stopped& stopped) {
        if (!IsOfRegistry(stopped.hung)) return;
        ++of_registry;
        EXPECT_THAT(stopped.exit_code, testing::AnyOf(1, 2)) << "as the report says";
        EXPECT_THAT(stopped.out, HasSubstr("\n" + scene.tag() + "\n"));
        EXPECT_THAT(Unwrapped(stopped.out), HasSubstr("the check was stopped before every answer was there"));
      },
      1);
  EXPECT_GE(of_registry, 2);
}

/// Names of `calls` after the one with this number.
std::vector<std::string> After(const std::vector<std::string>& calls, const std::string& hung) {
  std::vector<std::string> after(calls.rbegin(), std::find(calls.rbegin(), calls.rend(), hung));
  return after;
}

/// Only what could not be given back any more may stay, and it ends by itself.
void JudgeLeases(ScriptedScene& scene, const Stopped& stopped, const json& outcome) {
  const bool giving_back_hung =
      stopped.hung == "Leases.Delete" ||
      (stopped.hung == "Leases.List" &&
       testing::Value(After(scene.gate().seen(), "Leases.List"), testing::Not(Contains("Leases.List"))));
  for (const auto& [id, labels] : scene.node().leases()) {
    EXPECT_TRUE(labels.contains("containerd.io/gc.expire")) << id;
    const bool content_may_be_needed = id.starts_with("tagdrift-hold") && outcome.contains("left");
    EXPECT_TRUE(giving_back_hung || content_may_be_needed) << "lease " << id;
  }
}

/// The outcome that was printed; an empty object where there was none.
json OutcomeOf(const Stopped& stopped) {
  if (stopped.out.empty()) return json::object();
  const json report = json::parse(stopped.out, nullptr, false);
  return report.is_discarded() ? json::object() : report["results"].at(0).value("outcome", json::object());
}

/// What an action says of itself is what the node has.
void JudgeAction(ScriptedScene& scene, const Stopped& stopped, bool everything_hangs) {
  const json outcome = OutcomeOf(stopped);
  const std::string state = outcome.value("state", "");
  const std::string target = scene.node().Target(scene.tag());
  const auto done = outcome.value("done", std::vector<std::string>());
  if (stopped.out.empty()) {
    ExpectStoppedWithoutAnswer(stopped);
  } else {
    EXPECT_EQ(stopped.exit_code, state == "ACTION_STATE_DONE" || state == "ACTION_STATE_PLANNED" ? 0 : 2);
  }
  if (state == "ACTION_STATE_STOPPED") {
    EXPECT_THAT(outcome.value("detail", ""), HasSubstr("stopped"));
  }
  if (!outcome.contains("left") && !everything_hangs) {
    const bool repointed = testing::Value(done, Contains(HasSubstr("re-pointed ")));
    const bool removed = testing::Value(done, Contains(HasSubstr("removed the name " + scene.tag())));
    EXPECT_EQ(target, removed ? "" : repointed ? scene.new_image().digest : scene.old_image().digest);
  }
  if (everything_hangs) return;
  JudgeLeases(scene, stopped, outcome);
  const bool taken_back = testing::Value(done, testing::Not(Contains(HasSubstr("pulled ")))) &&
                          !outcome.contains("left") && stopped.hung != "Images.Delete";
  const std::string digest_name = scene.repository() + "@" + scene.new_image().digest;
  if (taken_back) {
    EXPECT_FALSE(scene.node().names().contains(digest_name));
  }
}

void JudgeOneHanging(ScriptedScene& scene, const Stopped& stopped) { JudgeAction(scene, stopped, false); }
void JudgeAllHanging(ScriptedScene& scene, const Stopped& stopped) { JudgeAction(scene, stopped, true); }

struct ActionRow {
  const char* name;
  const char* command;
  std::vector<std::string> options;
  int least_calls;
};

void PrintTo(const ActionRow& row, std::ostream* out) { *out << row.name; }

class CancellationOf : public testing::TestWithParam<ActionRow> {};

TEST_P(CancellationOf, EndsWhateverHangs) {
  EXPECT_GE(ForEachCall(GetParam().command, GetParam().options, CallGate::Hang::kUndone, JudgeOneHanging),
            GetParam().least_calls);
}

// What was asked for has been done, but nobody said so.
TEST_P(CancellationOf, EndsWhateverAnswerIsMissing) {
  EXPECT_GE(ForEachCall(GetParam().command, GetParam().options, CallGate::Hang::kUnanswered, JudgeOneHanging),
            GetParam().least_calls);
}

TEST_P(CancellationOf, EndsOnANodeThatHangsAltogether) {
  EXPECT_GE(ForEachCall(GetParam().command, GetParam().options, CallGate::Hang::kAllUndone, JudgeAllHanging),
            GetParam().least_calls);
}

INSTANTIATE_TEST_SUITE_P(
    Actions, CancellationOf,
    testing::Values(ActionRow{"RefreshPlan", "refresh", {"-o", "json", "--disk-threshold", "100"}, 15},
                    ActionRow{"Refresh", "refresh", {"-o", "json", "--disk-threshold", "100", "--yes"}, 30},
                    ActionRow{"PrePull", "prepull", {"-o", "json", "--disk-threshold", "100", "--yes"}, 20},
                    ActionRow{"Evict", "evict", {"-o", "json", "--free", "--yes"}, 20}),
    [](const auto& row) { return row.param.name; });

TEST(Cancellation, SaysWhichSignalItWas) {
  const auto stopped = NotLate([] {
    ScriptedScene scene(1);
    return StopWhenHanging(scene, scene.Arguments("check", {}), 1, SIGINT);
  });
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->exit_code, 128 + SIGINT) << Told(*stopped);
  EXPECT_THAT(stopped->err, HasSubstr(": stopped"));
}

TEST(Cancellation, IsNotNeededWhereTheTimeBoundsReadingTheNode) {
  for (const std::string command : {"check", "mirrors", "refresh"}) {
    for (int number = 1; number <= 3; ++number) {
      SCOPED_TRACE(command + " " + std::to_string(number));
      ScriptedScene scene(number);
      std::vector<std::string> arguments = scene.Arguments(command, {"--timeout", "300ms"});
      if (command != "mirrors") arguments.push_back(scene.tag());
      RunningBinary binary(arguments);
      EXPECT_EQ(binary.AwaitEnd(kEver), 2) << binary.streams().err;
      const std::string said = Unwrapped(binary.streams().err + binary.streams().out);
      EXPECT_THAT(said, testing::AnyOf(HasSubstr("no answer within"), HasSubstr("no time is left"),
                                       HasSubstr("took all the time")));
    }
  }
}

/// A page: the least that a pipe can hold.
constexpr int kPipeBytes = 4096;

/// Signals when the outcome has begun to appear and cannot be all out yet.
void ExpectOutcomeToDecide(const std::string& command, const std::vector<std::string>& options, int wanted) {
  const auto stopped = NotLate([&]() -> std::optional<Stopped> {
    ScriptedScene scene;
    std::vector<std::string> arguments = scene.Arguments(command, options);
    arguments.push_back(scene.tag());
    RunningBinary binary(arguments, {}, kPipeBytes);
    if (!binary.AwaitFirstOutput()) return std::nullopt;
    const Ending ending = StopBy(SIGTERM, binary);
    return Stopped{.hung = "printing",
                   .exit_code = ending.exit_code,
                   .late = ending.late,
                   .out = binary.streams().out,
                   .err = binary.streams().err};
  });
  ASSERT_TRUE(stopped) << "it ended without any output";
  EXPECT_EQ(stopped->exit_code, wanted) << stopped->err;
  ASSERT_GT(stopped->out.size(), static_cast<std::size_t>(kPipeBytes)) << "the pipe held all of it";
  EXPECT_FALSE(json::parse(stopped->out, nullptr, false).is_discarded()) << stopped->out;
}

TEST(Cancellation, ThatComesWhenTheOutcomeIsBeingPrintedChangesNothing) {
  ExpectOutcomeToDecide("check", {"-o", "json"}, 1);
  ExpectOutcomeToDecide("refresh", {"-o", "json", "--disk-threshold", "100", "--yes"}, 0);
}

TEST(Cancellation, ThatComesAfterTheOutcomeChangesNothing) {
  ScriptedScene scene;
  std::vector<std::string> arguments =
      scene.Arguments("refresh", {"-o", "json", "--disk-threshold", "100", "--yes", scene.tag()});
  RunningBinary binary(arguments);
  while (!json::accept(binary.streams().out)) ASSERT_TRUE(binary.AwaitFirstOutput()) << binary.streams().err;
  binary.Signal(SIGTERM);
  EXPECT_EQ(binary.AwaitEnd(kEver), 0) << binary.streams().err;
}

TEST(Cancellation, EndsCheckWhoseReaderDoesNotRead) {
  ScriptedScene scene;
  RunningBinary binary(scene.Arguments("check", {"-o", "json"}), {}, kPipeBytes);
  ASSERT_TRUE(binary.AwaitFirstOutput()) << binary.streams().err;
  binary.Signal(SIGTERM);
  // The program's own allowance ends it.
  EXPECT_EQ(binary.AwaitEnd(kEver, false), kStopped);
}

}  // namespace
}  // namespace tagdrift::cli
