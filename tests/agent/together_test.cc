// Rounds and actions at the same time over one agent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "scene.h"

namespace tagdrift::agent {
namespace {

using report::ActionState;
using std::chrono::steady_clock;
using testing::IsEmpty;

constexpr int kRounds = 10;
constexpr int kActions = 5;
constexpr int kTags = 6;

std::string FreshTag(int i) { return "fresh" + std::to_string(i) + ":v1"; }
std::string StaleTag(int i) { return "stale" + std::to_string(i) + ":v1"; }

SampleImage OldImage(int i) { return SampleImage("old" + std::to_string(i), 2020); }
SampleImage NewImage(int i) { return SampleImage("new" + std::to_string(i), 2024); }

/// Tags that are fresh, and one stale tag for each action.
void Fill(Scene& scene) {
  for (int i = 0; i < kTags; ++i) {
    const SampleImage image("fresh" + std::to_string(i), 2024);
    scene.registry.Push("fresh" + std::to_string(i), "v1", image);
    scene.Cache(NameOf(FreshTag(i)), image);
  }
  for (int i = 0; i < kActions; ++i) {
    scene.registry.Push("stale" + std::to_string(i), "v1", NewImage(i));
    scene.registry.Add(OldImage(i));
    scene.Cache(NameOf(StaleTag(i)), OldImage(i));
    scene.node.LetPull(NewImage(i));
  }
}

struct Outcomes {
  std::vector<report::Round> rounds;
  std::vector<report::ActionResult> actions;
};

Outcomes RunAll(Scene& scene) {
  CheckOptions fresh_only;
  fresh_only.selection.patterns.push_back(*NamePattern::Parse("registry.test/fresh*"));
  std::vector<std::future<report::Round>> rounds;
  std::vector<std::future<report::ActionResult>> actions;
  for (int i = 0; i < kRounds; ++i) {
    rounds.push_back(std::async(std::launch::async, [&] { return scene.Check({}, fresh_only); }));
  }
  for (int i = 0; i < kActions; ++i) {
    actions.push_back(std::async(std::launch::async, [&scene, i] {
      return scene.Act({.action = judge::ActionKind::kRefresh,
                        .reference = *image::Reference::Parse(NameOf(StaleTag(i))),
                        .apply = true});
    }));
  }
  Outcomes outcomes;
  for (auto& round : rounds) outcomes.rounds.push_back(round.get());
  for (auto& action : actions) outcomes.actions.push_back(action.get());
  return outcomes;
}

void ExpectNothingLeft(Scene& scene) {
  EXPECT_THAT(scene.node.leases, IsEmpty());
  EXPECT_EQ(scene.agent->counts().batches, 0U);
  EXPECT_EQ(scene.agent->counts().under_way, 0U);
}

TEST(Together, RoundsAndActionsGetRightAnswersAndLeaveNothing) {
  Scene scene;
  Fill(scene);
  const Outcomes outcomes = RunAll(scene);
  for (const report::Round& round : outcomes.rounds) {
    EXPECT_EQ(round.tags.size(), static_cast<std::size_t>(kTags));
    for (int i = 0; i < kTags; ++i) {
      EXPECT_EQ(ResultOf(round, FreshTag(i)).verdict, judge::Verdict::kFresh);
      EXPECT_EQ(ResultOf(round, FreshTag(i)).origin_digest, SampleImage("fresh" + std::to_string(i), 2024).digest());
    }
  }
  for (int i = 0; i < kActions; ++i) {
    EXPECT_EQ(outcomes.actions[static_cast<std::size_t>(i)].outcome.state, ActionState::kDone)
        << outcomes.actions[static_cast<std::size_t>(i)].outcome.detail;
    EXPECT_EQ(scene.node.Target(NameOf(StaleTag(i))), NewImage(i).digest().text());
  }
  ExpectNothingLeft(scene);
}

TEST(Together, KeepOneRate) {
  registry::Politeness politeness;
  politeness.requests_per_second = 200;
  politeness.burst = 1;
  Scene scene(politeness);
  Fill(scene);
  const auto start = steady_clock::now();
  (void)RunAll(scene);
  const std::chrono::duration<double> took = steady_clock::now() - start;
  // With a rate for each round or action they would have been through in a fraction of this.
  EXPECT_LE(scene.registry.Count(), politeness.requests_per_second * took.count() + 2);
  EXPECT_GE(scene.registry.Count(), kRounds * kTags);
}

TEST(Together, KeepOneBackOff) {
  Scene scene;
  Fill(scene);
  scene.registry.AnswerWith("/manifests/", "429 Too Many Requests\r\nRetry-After: 60\r\n");
  (void)scene.Check();
  const int asked = scene.registry.Count();
  const Outcomes outcomes = RunAll(scene);
  EXPECT_EQ(scene.registry.Count(), asked) << "somebody asked although the registry had said 'not before a minute'";
  for (const report::Round& round : outcomes.rounds) {
    EXPECT_EQ(ResultOf(round, FreshTag(0)).cause, judge::Cause::kRateLimited);
  }
  for (const report::ActionResult& action : outcomes.actions) {
    EXPECT_EQ(action.outcome.state, ActionState::kRefused);
  }
  ExpectNothingLeft(scene);
}

}  // namespace
}  // namespace tagdrift::agent
