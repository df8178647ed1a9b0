// Rounds that end before every registry has answered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <stop_token>

#include "scene.h"

namespace tagdrift::agent {
namespace {

using judge::Cause;
using judge::Verdict;
using testing::HasSubstr;

class RoundEndTest : public testing::Test {
 protected:
  RoundEndTest() {
    // The first contact with the registry is over, so that one held answer holds up no other.
    scene_.registry.Push("open", "v1", new_);
    scene_.Cache(NameOf("open:v1"), new_);
    (void)scene_.Check();
    scene_.registry.Push("held", "v1", new_);
    scene_.Cache(NameOf("held:v1"), old_);
  }

  /// A round that is told to stop once the answer for `held` is outstanding and `open` has been judged.
  report::Round CheckAndStop() {
    std::stop_source stop;
    CheckOptions options;
    options.progress = [&](std::size_t done, std::size_t) {
      if (done != 1) return;
      EXPECT_TRUE(scene_.registry.AwaitHeld());
      stop.request_stop();
    };
    return scene_.Check({.stop = stop.get_token()}, options);
  }

  /// A round whose time ends after `open` has been judged, however long that takes.
  report::Round CheckToDeadline() {
    for (std::chrono::milliseconds limit(500); limit < std::chrono::minutes(1); limit *= 2) {
      bool judged = false;
      CheckOptions options;
      options.progress = [&](std::size_t done, std::size_t) { judged = judged || done == 1; };
      auto round = scene_.agent->Check(options, CallContext{}.Within(SystemClock()->Steady(), limit));
      if (judged && round.ok()) return *std::move(round);
    }
    ADD_FAILURE() << "nothing is judged within half a minute";
    return {};
  }

  Scene scene_;
  const SampleImage old_{"old", 2020};
  const SampleImage new_{"new", 2024};
  const SampleImage newest_{"newest", 2025};
};

TEST_F(RoundEndTest, AStopEndsItWithWhatIsKnown) {
  scene_.registry.Hold("/held/");
  const report::Round round = CheckAndStop();
  EXPECT_EQ(ResultOf(round, "open:v1").verdict, Verdict::kFresh);
  const auto result = ResultOf(round, "held:v1");
  EXPECT_EQ(result.verdict, Verdict::kUndecided);
  EXPECT_EQ(result.cause, Cause::kOriginUnreachable);
  EXPECT_THAT(result.reason, HasSubstr("stopped before it answered"));
}

TEST_F(RoundEndTest, ADeadlineEndsItWithWhatIsKnown) {
  scene_.registry.Hold("/held/");
  const report::Round round = CheckToDeadline();
  EXPECT_EQ(ResultOf(round, "open:v1").verdict, Verdict::kFresh);
  const auto result = ResultOf(round, "held:v1");
  EXPECT_EQ(result.verdict, Verdict::kUndecided);
  EXPECT_THAT(result.reason, HasSubstr("--timeout"));
}

TEST_F(RoundEndTest, TheFirstAnswerStandsWhereTheSecondDoesNotCome) {
  scene_.registry.AfterFirst("/held/manifests/v1", [this] { scene_.registry.Hold("/held/manifests/v1"); });
  // Held from the next request on: the first one passes.
  std::stop_source stop;
  auto round = std::async(std::launch::async, [&] { return scene_.Check({.stop = stop.get_token()}); });
  EXPECT_TRUE(scene_.registry.AwaitHeld());
  stop.request_stop();
  const auto result = ResultOf(round.get(), "held:v1");
  EXPECT_EQ(result.verdict, Verdict::kStale) << result.reason;
}

TEST_F(RoundEndTest, LateRepliesOfAnAbandonedRoundChangeNothingInTheNext) {
  scene_.registry.Hold("/held/");
  (void)CheckAndStop();
  // What is held still says `new`; another round asks anew, under tickets that begin at one again.
  scene_.registry.Push("held", "v1", newest_);
  scene_.registry.Push("open", "v1", newest_);
  scene_.registry.Release();
  const report::Round round = scene_.Check();
  EXPECT_EQ(ResultOf(round, "held:v1").origin_digest, newest_.digest());
  EXPECT_EQ(ResultOf(round, "open:v1").origin_digest, newest_.digest());
}

TEST_F(RoundEndTest, AnAbandonedRoundDoesNotHoldUpTheNext) {
  scene_.registry.Hold("/held/");
  (void)CheckAndStop();
  EXPECT_EQ(scene_.agent->counts().batches, 0U);
  EXPECT_EQ(scene_.agent->counts().under_way, 0U);
  CheckOptions options;
  options.selection.patterns.push_back(*NamePattern::Parse(NameOf("open:v1")));
  EXPECT_EQ(ResultOf(scene_.Check({}, options), "open:v1").verdict, Verdict::kFresh);
}

TEST_F(RoundEndTest, TheAgentsEndEndsItAndWaits) {
  scene_.registry.Hold("/held/");
  std::atomic<bool> all_settled = false;
  CheckOptions options;
  options.progress = [&](std::size_t done, std::size_t total) { all_settled = done == total; };
  auto round = std::async(std::launch::async, [&, agent = scene_.agent.get()] { return agent->Check(options, {}); });
  EXPECT_TRUE(scene_.registry.AwaitHeld());
  scene_.agent.reset();
  EXPECT_TRUE(all_settled);
  const auto ended = round.get();
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ResultOf(*ended, "held:v1").verdict, Verdict::kUndecided);
}

}  // namespace
}  // namespace tagdrift::agent
