// Actions of an agent over a node in memory and a scripted registry, from the facts to the outcome.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <future>

#include "scene.h"

namespace tagdrift::agent {
namespace {

using judge::ActionKind;
using judge::RefusalKind;
using report::ActionState;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

class ActTest : public testing::Test {
 protected:
  ActTest() {
    scene_.registry.Push("app", "v1", new_);
    scene_.registry.Add(old_);
    scene_.node.LetPull(new_);
    scene_.Cache(kTag, old_);
  }

  static ActionRequest Request(ActionKind action, bool apply) {
    return {.action = action, .reference = *image::Reference::Parse(NameOf("app:v1")), .apply = apply};
  }
  report::ActionResult Act(ActionKind action, bool apply) { return scene_.Act(Request(action, apply)); }

  void ExpectUntouched() {
    EXPECT_EQ(scene_.node.Target(kTag), old_.digest().text());
    EXPECT_EQ(scene_.node.Changes(kTag), 1U);
    EXPECT_EQ(scene_.node.Target(DigestName(new_)), "");
    EXPECT_THAT(scene_.node.leases, IsEmpty());
  }

  static std::string DigestName(const SampleImage& image) { return "registry.test/app@" + image.digest().text(); }

  const std::string kTag = NameOf("app:v1");
  Scene scene_;
  const SampleImage old_{"old", 2020};
  const SampleImage new_{"new", 2024};
  const SampleImage other_{"other", 2023};
};

TEST_F(ActTest, PlansARefreshAndChangesNothing) {
  const auto result = Act(ActionKind::kRefresh, false);
  EXPECT_EQ(result.outcome.state, ActionState::kPlanned) << result.outcome.detail;
  EXPECT_EQ(result.plan.from, old_.digest());
  EXPECT_EQ(result.plan.to, new_.digest());
  EXPECT_EQ(result.plan.durable, judge::Durable::kYes);
  EXPECT_EQ(result.plan.steps.front().kind, judge::StepKind::kPull);
  ExpectUntouched();
}

TEST_F(ActTest, RefreshesATag) {
  const auto result = Act(ActionKind::kRefresh, true);
  EXPECT_EQ(result.outcome.state, ActionState::kDone) << result.outcome.detail;
  EXPECT_EQ(result.outcome.target, new_.digest());
  EXPECT_EQ(scene_.node.Target(kTag), new_.digest().text());
  EXPECT_THAT(scene_.node.leases, IsEmpty());
}

TEST_F(ActTest, HasNothingToDoForAFreshTag) {
  scene_.Cache(kTag, new_);
  EXPECT_EQ(Act(ActionKind::kRefresh, true).outcome.state, ActionState::kNothingToDo);
  EXPECT_THAT(scene_.node.leases, IsEmpty());
}

TEST_F(ActTest, RefusesToGoBack) {
  scene_.registry.Push("app", "v1", SampleImage("older", 2019));
  const auto result = Act(ActionKind::kRefresh, true);
  EXPECT_EQ(result.outcome.state, ActionState::kRefused);
  EXPECT_THAT(result.plan.refusals, ElementsAre(Field(&judge::Refusal::kind, RefusalKind::kGoingBack)));
  ExpectUntouched();
}

TEST_F(ActTest, RefusesWhatNoHostDelivers) {
  scene_.registry.AnswerWith(new_.digest().text(), "404 Not Found\r\n");
  const auto result = Act(ActionKind::kRefresh, true);
  EXPECT_EQ(result.outcome.state, ActionState::kRefused);
  ExpectUntouched();
}

TEST_F(ActTest, RefusesATagThatTheNodeDoesNotHave) {
  scene_.node.RemoveName(kTag);
  const auto result = Act(ActionKind::kRefresh, true);
  EXPECT_EQ(result.outcome.state, ActionState::kRefused);
  EXPECT_THAT(result.plan.refusals, ElementsAre(Field(&judge::Refusal::kind, RefusalKind::kNotCached)));
}

TEST_F(ActTest, IsRefusedWhileAnotherHoldsTheTag) {
  std::promise<void> planned;
  std::promise<void> go_on;
  const ActionHooks hooks{.planned = [&](const report::ActionResult&) {
    planned.set_value();
    go_on.get_future().wait();
  }};
  auto first =
      std::async(std::launch::async, [&] { return scene_.agent->Act(Request(ActionKind::kRefresh, true), hooks, {}); });
  planned.get_future().wait();
  const CallContext brief = CallContext{}.Within(std::chrono::steady_clock::now(), std::chrono::milliseconds(300));
  const auto second = scene_.Act(Request(ActionKind::kEvict, true), brief);
  go_on.set_value();
  EXPECT_EQ(second.outcome.state, ActionState::kRefused) << second.outcome.detail;
  EXPECT_THAT(second.plan.refusals, ElementsAre(Field(&judge::Refusal::kind, RefusalKind::kBusy)));
  EXPECT_EQ(first.get().outcome.state, ActionState::kDone);
}

TEST_F(ActTest, PlansAnewAfterARace) {
  scene_.node.on_hold = [this] { scene_.Cache(kTag, other_); };
  const auto result = Act(ActionKind::kRefresh, true);
  EXPECT_EQ(result.outcome.state, ActionState::kRaced) << result.outcome.detail;
  EXPECT_EQ(scene_.node.Target(kTag), other_.digest().text());
  ASSERT_TRUE(result.new_plan.has_value());
  EXPECT_EQ(result.new_plan->from, other_.digest());
  EXPECT_THAT(scene_.node.leases, IsEmpty());
}

TEST_F(ActTest, PrepullsBesideTheTag) {
  EXPECT_EQ(Act(ActionKind::kPrePull, false).outcome.state, ActionState::kPlanned);
  ExpectUntouched();
  const auto result = Act(ActionKind::kPrePull, true);
  EXPECT_EQ(result.outcome.state, ActionState::kDone) << result.outcome.detail;
  EXPECT_EQ(scene_.node.Target(kTag), old_.digest().text());
  EXPECT_EQ(scene_.node.Target(DigestName(new_)), new_.digest().text());
  EXPECT_EQ(Act(ActionKind::kPrePull, true).outcome.state, ActionState::kNothingToDo);
  EXPECT_THAT(scene_.node.leases, IsEmpty());
}

TEST_F(ActTest, PrepullsATagThatTheNodeDoesNotHave) {
  scene_.node.RemoveName(kTag);
  EXPECT_EQ(Act(ActionKind::kPrePull, true).outcome.state, ActionState::kDone);
  EXPECT_TRUE(scene_.node.IsComplete(new_.digest()));
}

TEST_F(ActTest, EvictsATag) {
  EXPECT_EQ(Act(ActionKind::kEvict, false).outcome.state, ActionState::kPlanned);
  ExpectUntouched();
  const auto result = Act(ActionKind::kEvict, true);
  EXPECT_EQ(result.outcome.state, ActionState::kDone) << result.outcome.detail;
  EXPECT_EQ(scene_.node.Target(kTag), "");
  EXPECT_THAT(scene_.node.leases, IsEmpty());
  EXPECT_EQ(Act(ActionKind::kEvict, true).outcome.state, ActionState::kNothingToDo);
}

TEST_F(ActTest, RefusesToEvictWhatAContainerUses) {
  scene_.node.cri->containers.push_back({.id = "c1", .name = "app", .image_ref = old_.id(), .state = "running"});
  const auto result = Act(ActionKind::kEvict, true);
  EXPECT_EQ(result.outcome.state, ActionState::kRefused);
  EXPECT_THAT(result.plan.refusals, ElementsAre(Field(&judge::Refusal::kind, RefusalKind::kInUse)));
  ExpectUntouched();
}

TEST_F(ActTest, RefusesToEvictWhatTheRegistryMayNotBringBack) {
  scene_.registry.AnswerWith("/app/manifests/v1", "500 Internal Server Error\r\n");
  EXPECT_EQ(Act(ActionKind::kEvict, true).outcome.state, ActionState::kRefused);
  ExpectUntouched();
}

TEST_F(ActTest, AsksAHostOnceWhatItHasOfADigest) {
  EXPECT_EQ(Act(ActionKind::kPrePull, false).outcome.state, ActionState::kPlanned);
  // Once to judge what a pull would bring, once to see who delivers it.
  EXPECT_EQ(scene_.registry.Count("GET", new_.digest().text()), 2);
  EXPECT_EQ(scene_.registry.Count("GET", new_.config_digest().text()), 2);
}

TEST_F(ActTest, TellsItsPlanBeforeItChangesAnything) {
  std::vector<std::string> told;
  const ActionHooks hooks{
      .planned = [&](const report::ActionResult&) { told.push_back("planned " + scene_.node.Target(kTag)); },
      .audit =
          [&](const report::AuditRecord& record) {
            told.push_back(record.change);
            return absl::OkStatus();
          }};
  EXPECT_EQ(scene_.agent->Act(Request(ActionKind::kRefresh, true), hooks, {}).outcome.state, ActionState::kDone);
  const auto pull = testing::StartsWith("pull ");
  const auto move = testing::StartsWith("re-point ");
  EXPECT_THAT(told, ElementsAre("planned " + old_.digest().text(), HasSubstr("; re-point "), pull, pull, move, move,
                                "done and verified"));
}

TEST_F(ActTest, ChangesNothingWhenTheAuditCannotBeWritten) {
  for (const ActionKind action : {ActionKind::kRefresh, ActionKind::kPrePull, ActionKind::kEvict}) {
    const ActionHooks hooks{.audit = [](const report::AuditRecord&) { return absl::UnknownError("no space left"); }};
    const auto result = scene_.agent->Act(Request(action, true), hooks, {});
    EXPECT_EQ(result.outcome.state, ActionState::kRefused);
    EXPECT_THAT(result.plan.refusals, ElementsAre(Field(&judge::Refusal::kind, RefusalKind::kNoAudit)));
    EXPECT_THAT(result.outcome.detail, HasSubstr("no space left"));
    ExpectUntouched();
  }
}

TEST_F(ActTest, GoesOnToAVerifiedEndWhenTheAuditStopsHalfway) {
  int written = 0;
  const ActionHooks hooks{.audit = [&](const report::AuditRecord&) {
    return ++written > 1 ? absl::UnavailableError("broken pipe") : absl::OkStatus();
  }};
  const auto result = scene_.agent->Act(Request(ActionKind::kRefresh, true), hooks, {});
  EXPECT_EQ(result.outcome.state, ActionState::kDone) << result.outcome.detail;
  EXPECT_EQ(scene_.node.Target(kTag), new_.digest().text());
  EXPECT_THAT(result.outcome.not_done, ElementsAre("writing 5 lines of the audit"));
  EXPECT_THAT(scene_.node.leases, IsEmpty());
}

TEST_F(ActTest, TellsTheAuditWhoAskedOnWhichNode) {
  std::vector<report::AuditRecord> records;
  const ActionHooks hooks{.audit = [&](const report::AuditRecord& record) {
    records.push_back(record);
    return absl::OkStatus();
  }};
  ActionRequest request = Request(ActionKind::kEvict, true);
  request.requester = "uid 7";
  request.request_id = "r1";
  EXPECT_EQ(scene_.agent->Act(request, hooks, {}).outcome.state, ActionState::kDone);
  ASSERT_EQ(records.size(), 4U);
  for (const report::AuditRecord& record : records) {
    EXPECT_EQ(record.requester, "uid 7");
    EXPECT_EQ(record.request_id, "r1");
    EXPECT_EQ(record.reference, kTag);
    EXPECT_NE(record.node, "");
    EXPECT_GT(record.time, absl::UnixEpoch());
  }
}

TEST_F(ActTest, AuditsTheCollectionOfGarbageAfterAFailedPull) {
  scene_.node.pull_result = absl::InvalidArgumentError("no space left on device");
  std::vector<std::string> audit;
  const ActionHooks hooks{.audit = [&](const report::AuditRecord& record) {
    audit.push_back(record.change);
    return absl::OkStatus();
  }};
  EXPECT_EQ(scene_.agent->Act(Request(ActionKind::kPrePull, true), hooks, {}).outcome.state, ActionState::kFailed);
  EXPECT_EQ(std::count(audit.begin(), audit.end(), "collect garbage"), 2);
}

TEST_F(ActTest, FollowsAnOriginOfWhichNobodyKnowsWhetherItIsNewer) {
  scene_.registry.Push("app", "v1", SampleImage("reproducible", 1970));
  scene_.node.LetPull(SampleImage("reproducible", 1970));
  const auto result = Act(ActionKind::kRefresh, true);
  EXPECT_EQ(result.outcome.state, ActionState::kDone) << result.outcome.detail;
  ASSERT_TRUE(result.plan.age.has_value());
  EXPECT_EQ(result.plan.age->direction, judge::Direction::kUnknown);
}

TEST_F(ActTest, GoesBackWithTheOriginWhereThatIsAllowed) {
  const SampleImage older("older", 2019);
  scene_.registry.Push("app", "v1", older);
  scene_.node.LetPull(older);
  ActionRequest request = Request(ActionKind::kRefresh, true);
  request.options.allow_older = true;
  EXPECT_EQ(scene_.Act(request).outcome.state, ActionState::kDone);
  EXPECT_EQ(scene_.node.Target(kTag), older.digest().text());
}

TEST_F(ActTest, RefusesToPointATagToAnotherRepositorysImageThatIsOnTheNode) {
  scene_.node.AddImage(other_, "registry.test/private");
  scene_.node.SetName(NameOf("private:v1"), other_.digest());
  ActionRequest request = Request(ActionKind::kRefresh, true);
  request.options.to = other_.digest();
  const auto result = scene_.Act(request);
  EXPECT_EQ(result.outcome.state, ActionState::kRefused);
  EXPECT_THAT(result.plan.refusals, ElementsAre(Field(&judge::Refusal::kind, RefusalKind::kNotOfRepository)));
  ExpectUntouched();
}

TEST_F(ActTest, AsksARegistryToProveThatContentOfAnotherRepositoryIsOfThisOneToo) {
  scene_.node.AddImage(other_, "registry.test/private");
  scene_.node.SetName(NameOf("private:v1"), other_.digest());
  scene_.registry.Add(other_);
  scene_.node.LetPull(other_);
  ActionRequest request = Request(ActionKind::kRefresh, true);
  request.options.to = other_.digest();
  const auto result = scene_.Act(request);
  EXPECT_EQ(result.outcome.state, ActionState::kDone) << result.outcome.detail;
  EXPECT_EQ(result.plan.deliverer, 0U);
  EXPECT_EQ(scene_.node.Target(kTag), other_.digest().text());
}

TEST_F(ActTest, GoesBackToContentThatIsLabelledOrNamedAsOfTheRepositoryWithTheRegistryDown) {
  for (const bool named : {false, true}) {
    SCOPED_TRACE(named);
    const SampleImage past(named ? "named" : "labelled", 2019);
    scene_.node.AddImage(past, named ? "" : "registry.test/app");
    if (named) scene_.node.SetName(DigestName(past), past.digest());
    scene_.registry.AnswerWith("/", "503 Service Unavailable\r\n");
    ActionRequest request = Request(ActionKind::kRefresh, true);
    request.options.to = past.digest();
    const auto result = scene_.Act(request);
    EXPECT_EQ(result.outcome.state, ActionState::kDone) << result.outcome.detail;
    EXPECT_EQ(scene_.node.Target(kTag), past.digest().text());
    EXPECT_EQ(scene_.node.Target(DigestName(past)), past.digest().text());
  }
}

TEST_F(ActTest, TakesTheFirstDigitsOfADigestThatIsKnownHereOrNamedByAHost) {
  const SampleImage past("past", 2019);
  scene_.node.AddImage(past, "registry.test/app");
  scene_.node.SetName(DigestName(past), past.digest());
  for (const SampleImage* image : {&past, &new_}) {
    ActionRequest request = Request(ActionKind::kRefresh, true);
    request.options.to_prefix = image->digest().hex().substr(0, 12);
    const auto result = scene_.Act(request);
    EXPECT_EQ(result.outcome.state, ActionState::kDone) << result.outcome.detail;
    EXPECT_EQ(scene_.node.Target(kTag), image->digest().text());
  }
}

TEST_F(ActTest, LetsNoFailingPrePullTakeTheNameThatAnotherTagsPrePullReported) {
  scene_.registry.Push("app", "v2", new_);
  // The first pull fails when the second action, of another tag with the same digest, is under way.
  std::optional<std::future<report::ActionResult>> second;
  std::promise<void> second_waits;
  const ActionRequest other{
      .action = ActionKind::kPrePull, .reference = *image::Reference::Parse(NameOf("app:v2")), .apply = true};
  const ActionHooks told{.planned = [&](const report::ActionResult&) { second_waits.set_value(); }};
  scene_.node.pull_result = absl::InvalidArgumentError("no");
  scene_.node.on_pull = [&] {
    if (second) return;
    scene_.node.SetName(DigestName(new_), new_.digest());
    second = std::async(std::launch::async, [&] { return scene_.agent->Act(other, told, {}); });
    second_waits.get_future().wait();
  };
  const ActionHooks ends{.audit = [&](const report::AuditRecord& record) {
    if (record.event == report::AuditEvent::kOutcome) {
      const auto lock = scene_.node.Lock();
      scene_.node.pull_result = absl::OkStatus();
    }
    return absl::OkStatus();
  }};
  EXPECT_EQ(scene_.agent->Act(Request(ActionKind::kPrePull, true), ends, {}).outcome.state, ActionState::kFailed);
  const auto result = second->get();
  EXPECT_EQ(result.outcome.state, ActionState::kDone) << result.outcome.detail;
  EXPECT_EQ(scene_.node.Target(DigestName(new_)), new_.digest().text()) << "it was taken away after it was reported";
  EXPECT_THAT(scene_.node.leases, IsEmpty());
}

/// Images of which the disk has room for one.
class DiskTest : public testing::Test {
 protected:
  DiskTest() {
    scene_.node.cri->filesystems.push_back({.mountpoint = "/var/lib/containerd", .used_bytes = 0});
    scene_.root.Write("/var/lib/containerd/", "");
    for (const auto* image : {&one_, &two_}) scene_.node.LetPull(*image);
    scene_.registry.Push("one", "v1", one_);
    scene_.registry.Push("two", "v1", two_);
  }

  std::int64_t Available() {
    struct statvfs usage {};
    EXPECT_EQ(statvfs(scene_.root.path().c_str(), &usage), 0);
    return static_cast<std::int64_t>(usage.f_frsize * usage.f_bavail);
  }

  report::ActionResult PrePull(const std::string& name, const ActionHooks& hooks = {}) {
    const ActionRequest request{.action = ActionKind::kPrePull,
                                .reference = *image::Reference::Parse(NameOf(name)),
                                .disk_threshold = 100,
                                .apply = true};
    return scene_.agent->Act(request, hooks, {});
  }

  Scene scene_;
  /// Blobs and unpacked layers take three times this.
  const std::int64_t layer_bytes_ = Available() / 5;
  const SampleImage one_{"one", 2024, layer_bytes_};
  const SampleImage two_{"two", 2024, layer_bytes_};
};

TEST_F(DiskTest, IsReservedByAnActionUntilItsEnd) {
  std::optional<report::ActionResult> second;
  const ActionHooks hooks{.planned = [&](const report::ActionResult&) { second = PrePull("two:v1"); }};
  const auto first = PrePull("one:v1", hooks);
  EXPECT_EQ(first.outcome.state, ActionState::kDone) << first.outcome.detail;
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->outcome.state, ActionState::kRefused);
  EXPECT_THAT(second->plan.refusals, ElementsAre(Field(&judge::Refusal::kind, RefusalKind::kDiskTooFull)));
  EXPECT_EQ(PrePull("two:v1").outcome.state, ActionState::kDone) << "room is left once the first has ended";
}

TEST_F(DiskTest, IsNotReservedByAPlan) {
  const ActionRequest plan{
      .action = ActionKind::kPrePull, .reference = *image::Reference::Parse(NameOf("one:v1")), .disk_threshold = 100};
  std::optional<report::ActionResult> second;
  const ActionHooks hooks{.planned = [&](const report::ActionResult&) { second = PrePull("two:v1"); }};
  EXPECT_EQ(scene_.agent->Act(plan, hooks, {}).outcome.state, ActionState::kPlanned);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->outcome.state, ActionState::kDone) << second->outcome.detail;
}

}  // namespace
}  // namespace tagdrift::agent
