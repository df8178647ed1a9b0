// A refresh while somebody else is at work on the same node, and while its parts fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "execution_test.h"

namespace tagdrift::agent {
namespace {

using report::ActionState;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kMovedTag[] = "registry.test/app:v1";

class RefreshTest : public ExecutionTest {
 protected:
  RefreshTest() : ExecutionTest(judge::ActionKind::kRefresh, kMovedTag) {
    node_.SetName(kMovedTag, old_);
    node_.SetName("registry.test/app@" + old_.text(), old_);
    node_.on_pull = [this] {
      node_.AddImage("new");
      node_.SetName(digest_name_, new_);
      node_.SetName(node_.ids[new_.text()], new_);
    };
    // Known here, so that its digest is known; gone again until the pull.
    for (const auto& [digest, bytes] : NewBlobs()) node_.store->blobs.erase(digest);
  }

  report::ActionOutcome Refresh(bool pull = true) {
    judge::ActionFacts facts{.reference = request_.reference};
    facts.wanted = judge::WantedImage{.digest = new_};
    judge::Plan plan{.reference = request_.reference, .from = old_, .to = new_, .image_id = node_.ids[new_.text()]};
    if (pull) plan.steps.push_back({judge::StepKind::kPull, digest_name_});
    plan.steps.push_back({judge::StepKind::kRepoint, kMovedTag});
    return CarryOut(DoRefresh, facts, plan);
  }

  void ExpectAsBefore() {
    EXPECT_EQ(node_.Target(kMovedTag), old_.text());
    EXPECT_EQ(node_.Target(digest_name_), "");
    EXPECT_EQ(node_.store->records.size(), 2U);
    EXPECT_THAT(node_.leases, IsEmpty());
  }

  std::map<image::Digest, std::string> NewBlobs() {
    std::map<image::Digest, std::string> blobs;
    FakeNode other;
    other.AddImage("new");
    return other.store->blobs;
  }

  image::Digest old_ = node_.AddImage("old");
  image::Digest third_ = node_.AddImage("third");
  image::Digest new_ = node_.AddImage("new");
  std::string digest_name_ = "registry.test/app@" + new_.text();
};

TEST_F(RefreshTest, PullsAndMovesTheTag) {
  const auto outcome = Refresh();
  EXPECT_EQ(outcome.state, ActionState::kDone) << outcome.detail;
  EXPECT_EQ(node_.Target(kMovedTag), new_.text());
  EXPECT_EQ(outcome.target, new_);
  const std::string move = "re-point " + std::string(kMovedTag) + " from " + old_.text() + " to " + new_.text();
  EXPECT_THAT(audit_, ElementsAre("begun: pull " + digest_name_, "done: pull " + digest_name_, "begun: " + move,
                                  "done: " + move));
  EXPECT_THAT(node_.leases, IsEmpty());
}

TEST_F(RefreshTest, LeavesTheTagAloneWhenItMovedBeforeTheLastLook) {
  node_.on_hold = [this] { node_.SetName(kMovedTag, third_); };
  const auto outcome = Refresh();
  EXPECT_EQ(outcome.state, ActionState::kRaced);
  EXPECT_EQ(node_.Target(kMovedTag), third_.text());
  EXPECT_EQ(node_.Target(digest_name_), "") << "the name it made stays behind";
}

TEST_F(RefreshTest, LeavesTheTagAloneWhenItWasRemovedBeforeTheLastLook) {
  node_.on_hold = [this] { node_.RemoveName(kMovedTag); };
  EXPECT_EQ(Refresh().state, ActionState::kRaced);
  EXPECT_EQ(node_.Target(kMovedTag), "");
}

TEST_F(RefreshTest, NoticesAChangeThatItsOwnUpdateOverwrote) {
  node_.before_point_to = [this] { node_.SetName(kMovedTag, third_); };
  const auto outcome = Refresh();
  EXPECT_EQ(outcome.state, ActionState::kRaced);
  EXPECT_EQ(outcome.target, new_);
}

TEST_F(RefreshTest, LeavesAChangeAloneThatCameAfterItsOwn) {
  node_.after_point_to = [this] { node_.SetName(kMovedTag, third_); };
  const auto outcome = Refresh();
  EXPECT_EQ(outcome.state, ActionState::kRaced);
  EXPECT_EQ(node_.Target(kMovedTag), third_.text());
  EXPECT_EQ(node_.Target(digest_name_), "") << "the name it made stays behind";
}

TEST_F(RefreshTest, KeepsTheNamesOfContentThatSomebodyElseCameToUse) {
  node_.on_hold = [this] { node_.SetName(kMovedTag, new_); };
  EXPECT_EQ(Refresh().state, ActionState::kRaced);
  EXPECT_EQ(node_.Target(kMovedTag), new_.text());
  EXPECT_EQ(node_.Target(digest_name_), new_.text());
}

TEST_F(RefreshTest, NoticesThatTheTagWasRemovedAfterItsOwnChange) {
  node_.after_point_to = [this] { node_.RemoveName(kMovedTag); };
  EXPECT_EQ(Refresh().state, ActionState::kRaced);
  EXPECT_EQ(node_.Target(kMovedTag), "");
}

TEST_F(RefreshTest, PutsTheTagBackWhenTheContentGoesAway) {
  node_.after_point_to = [this] { node_.store->blobs.erase(node_.layer.at(new_.text())); };
  const auto outcome = Refresh();
  EXPECT_EQ(outcome.state, ActionState::kFailed);
  EXPECT_THAT(outcome.detail, HasSubstr("put back"));
  ExpectAsBefore();
}

TEST_F(RefreshTest, PutsTheTagBackWhenTheCriDoesNotFollow) {
  node_.before_point_to = [this] { node_.cri_follows = false; };
  const auto outcome = Refresh();
  EXPECT_EQ(outcome.state, ActionState::kFailed);
  ExpectAsBefore();
}

TEST_F(RefreshTest, TouchesNothingWhenThePulledContentIsGoneAtOnce) {
  node_.on_hold = [this] { node_.store->blobs.erase(node_.layer.at(new_.text())); };
  EXPECT_EQ(Refresh().state, ActionState::kFailed);
  ExpectAsBefore();
}

TEST_F(RefreshTest, GoesOnWhenTheAnswerToTheUpdateWasLost) {
  node_.next_point_to = absl::UnavailableError("connection closed");
  EXPECT_EQ(Refresh().state, ActionState::kDone);
  EXPECT_EQ(node_.Target(kMovedTag), new_.text());
}

TEST_F(RefreshTest, ClaimsNothingWhenChangesCouldNotBeWatched) {
  node_.after_point_to = [this] { node_.watch_fails = absl::UnavailableError("the stream ended"); };
  EXPECT_EQ(Refresh().state, ActionState::kRaced);
}

TEST_F(RefreshTest, TouchesNothingWhenItLostItsLock) {
  node_.on_hold = [this] {
    for (auto& [id, lease] : node_.leases) lease.labels["tagdrift.io/owner"] = "somebody else";
  };
  const auto outcome = Refresh();
  EXPECT_EQ(outcome.state, ActionState::kRaced);
  EXPECT_EQ(node_.Target(kMovedTag), old_.text());
}

TEST_F(RefreshTest, NamesWhatItLeavesWhereNobodySaysWhetherAContainerHasTheImage) {
  node_.on_hold = [this] {
    node_.store->blobs.erase(node_.layer.at(new_.text()));
    node_.calls->Fail("listing containers", absl::UnknownError("the plugin has not been loaded"));
  };
  const auto outcome = Refresh();
  EXPECT_EQ(outcome.state, ActionState::kFailed);
  EXPECT_EQ(node_.Target(digest_name_), new_.text());
  EXPECT_THAT(outcome.left, testing::UnorderedElementsAre("the name " + digest_name_, HasSubstr("the name sha256:")));
  EXPECT_THAT(outcome.undone, IsEmpty());
}

TEST(IsOfARestart, TellsACriThatIsNotUpYetFromOneThatFails) {
  EXPECT_TRUE(IsOfARestart(absl::UnavailableError("connection refused")));
  EXPECT_TRUE(IsOfARestart(absl::UnknownError("listing containers: server is not initialized yet")));
  EXPECT_FALSE(IsOfARestart(absl::UnknownError("listing containers: the plugin has not been loaded")));
  EXPECT_FALSE(IsOfARestart(absl::OkStatus()));
}

TEST_F(RefreshTest, StopsBeforeTheTagIsTouched) {
  node_.on_hold = [this] { stop_.request_stop(); };
  EXPECT_EQ(Refresh().state, ActionState::kStopped);
  ExpectAsBefore();
}

TEST_F(RefreshTest, NeverCopiesAPoisonedRecord) {
  node_.on_hold = [this] {
    for (node::ImageRecord& record : node_.store->records) {
      if (record.target_digest == new_.text()) record.target_media_type = "application/octet-stream";
    }
  };
  EXPECT_EQ(Refresh().state, ActionState::kDone);
  const auto record = node_.store->GetImage(kMovedTag, {});
  ASSERT_TRUE(record.ok() && *record);
  EXPECT_EQ((*record)->target_media_type, image::kOciManifest);
}

TEST_F(RefreshTest, KeepsNamesThatWereThereBeforeWhenThePullFails) {
  node_.SetName(digest_name_, new_);
  node_.pull_result = absl::UnknownError("no space left on device");
  EXPECT_EQ(Refresh().state, ActionState::kFailed);
  EXPECT_EQ(node_.Target(digest_name_), new_.text());
  EXPECT_EQ(node_.Target(kMovedTag), old_.text());
}

/// As after a first refresh that was stopped in mid-pull: its content is complete, its names were taken back.
TEST_F(RefreshTest, LeavesTheDigestNameThatAPullWouldWhenTheContentIsHereAlready) {
  const std::string id = node_.ids[new_.text()];
  for (const auto& [digest, bytes] : NewBlobs()) node_.store->blobs[digest] = bytes;
  for (const bool has_id : {false, true}) {
    SCOPED_TRACE(has_id);
    node_.SetName(kMovedTag, old_);
    node_.RemoveName(digest_name_);
    if (has_id) {
      node_.SetName(id, new_);
    } else {
      node_.RemoveName(id);
    }
    const auto outcome = Refresh(false);
    EXPECT_EQ(outcome.state, ActionState::kDone) << outcome.detail;
    EXPECT_EQ(node_.Target(digest_name_), new_.text());
    EXPECT_EQ(node_.Target(id), new_.text());
    const auto status = node_.cri->ImageStatus(kMovedTag, {});
    ASSERT_TRUE(status.ok() && *status);
    EXPECT_THAT((*status)->repo_digests, ElementsAre(digest_name_));
  }
}

TEST_F(RefreshTest, TakesTheDigestNameBackWhenTheTagCouldNotBeMoved) {
  for (const auto& [digest, bytes] : NewBlobs()) node_.store->blobs[digest] = bytes;
  node_.calls->Fail("re-pointing", absl::UnknownError("read-only file system"));
  EXPECT_EQ(Refresh(false).state, ActionState::kFailed);
  ExpectAsBefore();
  EXPECT_THAT(audit_, Contains("done: create the name " + digest_name_ + " for " + new_.text()));
  EXPECT_THAT(audit_, Contains(HasSubstr("failed: re-point " + std::string(kMovedTag))));
  EXPECT_THAT(audit_, Contains("done: remove the name " + digest_name_ + ", which this action has made"));
}

TEST_F(RefreshTest, PutsRightADigestNameThatAFailedPullHasPoisoned) {
  node_.on_hold = [this] {
    for (node::ImageRecord& record : node_.store->records) {
      if (record.name == digest_name_) record.target_media_type = "application/octet-stream";
    }
  };
  EXPECT_EQ(Refresh().state, ActionState::kDone);
  EXPECT_EQ((*node_.store->GetImage(digest_name_, {}))->target_media_type, image::kOciManifest);
}

TEST_F(RefreshTest, AuditsAnEndThatIsNotSure) {
  node_.before_point_to = [this] { node_.calls->Fail("", absl::DeadlineExceededError("no answer")); };
  node_.next_point_to = absl::DeadlineExceededError("no answer");
  EXPECT_EQ(Refresh().state, ActionState::kFailed);
  EXPECT_THAT(audit_.back(), HasSubstr("unsure: re-point " + std::string(kMovedTag)));
}

TEST_F(RefreshTest, AuditsThatTheTagWasPutBack) {
  node_.after_point_to = [this] { node_.store->blobs.erase(node_.layer.at(new_.text())); };
  EXPECT_EQ(Refresh().state, ActionState::kFailed);
  const std::string back = "put back " + std::string(kMovedTag) + " from " + new_.text() + " to " + old_.text();
  EXPECT_THAT(audit_, testing::IsSupersetOf({"begun: " + back, "done: " + back}));
}

}  // namespace
}  // namespace tagdrift::agent
