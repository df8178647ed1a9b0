// Every call of the node hangs once: a stop request ends what is under way at once, and leaves no half step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <stop_token>
#include <string>

#include "scene.h"

namespace tagdrift::agent {
namespace {

using judge::ActionKind;
using report::ActionState;
using std::chrono::steady_clock;

/// A second, and what a machine adds that is busy with other tests. What is not stopped hangs for good.
constexpr std::chrono::seconds kLongest(30);
/// More calls than anything here needs.
constexpr int kMostCalls = 200;

/// A node with one stale tag, whose `call`th call from now on hangs.
struct Hanging {
  explicit Hanging(int call) : old_image("old", 2020), new_image("new", 2024) {
    scene.registry.Push("app", "v1", new_image);
    scene.registry.Add(old_image);
    scene.node.LetPull(new_image);
    scene.Cache(kTag, old_image);
    scene.node.calls->HangAfter(call);
  }

  const std::string kTag = NameOf("app:v1");
  const SampleImage old_image;
  const SampleImage new_image;
  Scene scene;
};

/// Runs `work` and stops it once the call hangs. False: it ended before that many calls.
bool StopWhileHanging(Hanging& hanging, const std::function<void(const CallContext&)>& work) {
  std::stop_source stop;
  std::stop_source ended;
  auto done = std::async(std::launch::async, [&] {
    work({.stop = stop.get_token()});
    ended.request_stop();
  });
  const bool hangs = hanging.scene.node.calls->AwaitHanging(ended.get_token());
  const auto start = steady_clock::now();
  stop.request_stop();
  done.get();
  EXPECT_LT(steady_clock::now() - start, kLongest) << "while " << hanging.scene.node.calls->hung();
  EXPECT_EQ(hanging.scene.agent->counts().batches, 0U);
  return hangs;
}

/// Calls `once` for the first, second, … call until nothing hangs any more. Answers how many hung.
int ForEachCall(const std::function<bool(int call)>& once) {
  for (int call = 0; call < kMostCalls; ++call) {
    if (!once(call)) return call;
  }
  ADD_FAILURE() << "no end after " << kMostCalls << " calls";
  return kMostCalls;
}

TEST(Cancellation, EndsARoundAtEveryCall) {
  const int calls = ForEachCall([](int call) {
    Hanging hanging(call);
    return StopWhileHanging(hanging, [&](const CallContext& context) {
      const auto round = hanging.scene.agent->Check({}, context);
      if (!round.ok()) {
        EXPECT_TRUE(absl::IsCancelled(round.status())) << round.status();
        return;
      }
      for (const report::JudgedTag& tag : round->tags) {
        EXPECT_NE(tag.result.verdict, judge::Verdict::kFresh) << hanging.scene.node.calls->hung();
      }
    });
  });
  EXPECT_GT(calls, 8);
}

TEST(Cancellation, EndsARoundThatHasNotReadTheFilesYet) {
  Scene scene;
  std::stop_source stop;
  const SampleImage image("one", 2020);
  scene.registry.Push("app", "v1", image);
  scene.Cache(NameOf("app:v1"), image);
  scene.node.cri->after_sandboxes = [&] { stop.request_stop(); };
  const auto round = scene.agent->Check({}, {.stop = stop.get_token()});
  EXPECT_TRUE(absl::IsCancelled(round.status())) << "what was not read says nothing of hosts; " << round.status();
  EXPECT_EQ(scene.registry.Count(), 0);
}

TEST(Cancellation, EndsReadingTheConfigurationAtEveryCall) {
  const int calls = ForEachCall([](int call) {
    Hanging hanging(call);
    return StopWhileHanging(hanging, [&](const CallContext& context) {
      const auto configuration = hanging.scene.agent->Configuration(context);
      EXPECT_TRUE(configuration.ok() || absl::IsCancelled(configuration.status())) << configuration.status();
    });
  });
  EXPECT_GE(calls, 4);
}

class CancelledAction : public testing::TestWithParam<ActionKind> {};

TEST_P(CancelledAction, EndsAtEveryCallWithoutAHalfStep) {
  const int calls = ForEachCall([](int call) {
    Hanging hanging(call);
    report::ActionResult result{.plan = {.reference = *image::Reference::Parse(hanging.kTag)}};
    const bool hangs = StopWhileHanging(hanging, [&](const CallContext& context) {
      result = hanging.scene.Act(
          {.action = GetParam(), .reference = *image::Reference::Parse(hanging.kTag), .apply = true}, context);
    });
    const FakeNode& node = hanging.scene.node;
    const std::string where = "while " + node.calls->hung() + ": " + result.outcome.detail;
    const std::string target = node.Target(hanging.kTag);
    const bool unsure = !result.outcome.left.empty();
    if (result.outcome.state == ActionState::kStopped) {
      EXPECT_EQ(target, hanging.old_image.digest().text()) << where;
    }
    if (GetParam() == ActionKind::kRefresh && result.outcome.state == ActionState::kDone) {
      EXPECT_EQ(target, hanging.new_image.digest().text()) << where;
    }
    if (!target.empty()) {
      EXPECT_TRUE(node.IsComplete(*image::Digest::Parse(target))) << where;
    }
    // What containerd does not let go of expires.
    const bool could_give_back = node.calls->hung().find("lease") == std::string::npos;
    if (!unsure && could_give_back) {
      EXPECT_THAT(node.leases, testing::IsEmpty()) << where;
    }
    return hangs;
  });
  EXPECT_GT(calls, 15);
}

INSTANTIATE_TEST_SUITE_P(Actions, CancelledAction,
                         testing::Values(ActionKind::kRefresh, ActionKind::kPrePull, ActionKind::kEvict),
                         [](const auto& action) {
                           return action.param == ActionKind::kRefresh   ? "Refresh"
                                  : action.param == ActionKind::kPrePull ? "PrePull"
                                                                         : "Evict";
                         });

}  // namespace
}  // namespace tagdrift::agent
