// Plans from a recorded round: as the node shows them, or a word on what was not recorded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"
#include "tagdrift/record/recording.h"
#include "tagdrift/report/report.h"

namespace tagdrift::agent {
namespace {

using judge::ActionKind;
using report::ActionState;
using testing::HasSubstr;

class RecordedPlan : public testing::Test {
 protected:
  RecordedPlan() {
    for (auto* registry : {&scene_.registry, &scene_.mirror}) registry->Push("app", "v1", old_);
    scene_.registry.Push("app", "v1", new_);
    scene_.registry.Push("same", "v1", same_);
    scene_.UseMirror();
    for (const char* name : {"app:v1", "app:v0"}) scene_.Cache(NameOf(name), old_);
    scene_.Cache(NameOf("same:v1"), same_);
  }

  static ActionRequest Request(ActionKind action, const std::string& name = "app:v1",
                               const judge::ActionOptions& options = {}) {
    return {.action = action, .reference = *image::Reference::Parse(NameOf(name)), .options = options};
  }

  report::Round Recorded(const CheckOptions& options = {.with_plans = true}) {
    const auto read = record::ReadRecording(record::Write({.round = scene_.Check({}, options)}));
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() ? read->round : report::Round{};
  }

  void ExpectAsOnNode(const report::Round& round, const ActionRequest& request) {
    EXPECT_EQ(report::ToMessage(PlanOf(round, request)).DebugString(),
              report::ToMessage(scene_.Act(request)).DebugString());
  }

  static void ExpectNotRecorded(const report::Round& round, const ActionRequest& request, const std::string& what) {
    const report::ActionResult result = PlanOf(round, request);
    EXPECT_EQ(result.outcome.state, ActionState::kFailed);
    EXPECT_THAT(result.outcome.detail, HasSubstr(what));
    EXPECT_TRUE(result.plan.steps.empty());
  }

  Scene scene_;
  const SampleImage old_{"old", 2020};
  const SampleImage new_{"new", 2024};
  const SampleImage same_{"same", 2022};
};

TEST_F(RecordedPlan, IsTheOneThatTheNodeShows) {
  scene_.node.cri->containers.push_back({.id = "c1", .name = "app", .image_ref = old_.id(), .state = "running"});
  const report::Round round = Recorded();
  ASSERT_EQ(PlanOf(round, Request(ActionKind::kRefresh)).outcome.state, ActionState::kPlanned);
  for (const auto action : {ActionKind::kRefresh, ActionKind::kPrePull, ActionKind::kEvict}) {
    ExpectAsOnNode(round, Request(action));
  }
  ExpectAsOnNode(round, Request(ActionKind::kEvict, "app:v1", {.force = true, .free = true, .protected_by = {"*"}}));
  ExpectAsOnNode(round, Request(ActionKind::kRefresh, "app:v1", {.to = new_.digest()}));
  ExpectAsOnNode(round, Request(ActionKind::kRefresh, "app:v1", {.to_prefix = "00000000"}));
}

TEST_F(RecordedPlan, IsTheOneThatTheNodeShowsAlsoWithoutAHostThatDelivers) {
  scene_.registry.AnswerWith("/app/manifests/sha256", "500 Internal Server Error\r\n");
  const report::Round round = Recorded();
  ExpectAsOnNode(round, Request(ActionKind::kRefresh));
  EXPECT_EQ(PlanOf(round, Request(ActionKind::kRefresh)).outcome.state, ActionState::kRefused);
}

TEST_F(RecordedPlan, OfANameThatTheNodeDoesNotHaveIsThatThereIsNone) {
  const report::Round round = Recorded();
  ExpectAsOnNode(round, Request(ActionKind::kRefresh, "app:v7"));
  ExpectAsOnNode(round, Request(ActionKind::kEvict, "app:v7"));
  ExpectNotRecorded(round, Request(ActionKind::kPrePull, "app:v7"), "not among the tags that were recorded");
}

TEST_F(RecordedPlan, OfATagThatIsGoneNeedsNothingMore) {
  const report::Round round = Recorded({});
  ExpectAsOnNode(round, Request(ActionKind::kRefresh, "app:v0"));
  EXPECT_EQ(PlanOf(round, Request(ActionKind::kRefresh, "app:v0")).outcome.state, ActionState::kRefused);
}

TEST_F(RecordedPlan, SaysWhatWasNotRecordedInsteadOfGuessing) {
  const report::Round round = Recorded();
  ExpectNotRecorded(round, Request(ActionKind::kRefresh, "same:v1"), same_.digest().Short());
  ExpectNotRecorded(round, Request(ActionKind::kRefresh, "app:v1", {.to = old_.digest()}), old_.digest().Short());
  const report::Round older = Recorded({});
  ExpectNotRecorded(older, Request(ActionKind::kRefresh), new_.digest().Short());
  ExpectNotRecorded(older, Request(ActionKind::kPrePull), new_.digest().Short());
  ExpectNotRecorded(older, Request(ActionKind::kEvict), "what must not be removed was not recorded");
}

TEST_F(RecordedPlan, IsLookedForWhereItHelpsOnly) {
  scene_.Check();
  const int before = scene_.registry.Count() + scene_.mirror.Count();
  scene_.Check();
  const int of_a_check = scene_.registry.Count() + scene_.mirror.Count() - before;
  Recorded();
  const int of_a_recording = scene_.registry.Count() + scene_.mirror.Count() - before - of_a_check;
  EXPECT_LE(of_a_recording - of_a_check, 5) << "of one stale tag: two hosts, manifest and config";
  scene_.registry.Push("app", "v1", old_);
  scene_.Check();
  const int fresh = scene_.registry.Count() + scene_.mirror.Count();
  Recorded();
  const int recorded = scene_.registry.Count() + scene_.mirror.Count();
  scene_.Check();
  EXPECT_EQ(recorded - fresh, scene_.registry.Count() + scene_.mirror.Count() - recorded);
}

}  // namespace
}  // namespace tagdrift::agent
