// An eviction while somebody else is at work on the same node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "execution_test.h"

namespace tagdrift::agent {
namespace {

using report::ActionState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kTag[] = "registry.test/app:v1";
constexpr char kSibling[] = "registry.test/app:v2";

class EvictTest : public ExecutionTest {
 protected:
  EvictTest() : ExecutionTest(judge::ActionKind::kEvict, kTag) { node_.SetName(kTag, digest_); }

  report::ActionOutcome Evict(bool free = false) {
    judge::ActionFacts facts{.reference = request_.reference};
    judge::Plan plan{.action = judge::ActionKind::kEvict,
                     .reference = request_.reference,
                     .from = digest_,
                     .image_id = node_.ids[digest_.text()],
                     .names_go = {kTag}};
    if (free) plan.names_go.insert(plan.names_go.end(), {"registry.test/app@" + digest_.text(), *plan.image_id});
    plan.steps.push_back({judge::StepKind::kDeleteName, kTag});
    if (free) plan.steps.push_back({judge::StepKind::kRemoveImage, *plan.image_id});
    return CarryOut(DoEvict, facts, plan);
  }

  void StartContainer() {
    node_.cri->containers.push_back({.id = "c1", .name = "app", .image_ref = node_.ids[digest_.text()]});
  }

  image::Digest digest_ = node_.AddImage("app");
};

TEST_F(EvictTest, RemovesTheOneName) {
  node_.SetName(kSibling, digest_);
  const auto outcome = Evict();
  EXPECT_EQ(outcome.state, ActionState::kDone) << outcome.detail;
  EXPECT_EQ(outcome.target, std::nullopt);
  EXPECT_EQ(node_.Target(kTag), "");
  EXPECT_EQ(node_.Target(kSibling), digest_.text());
  EXPECT_THAT(node_.leases, IsEmpty());
}

TEST_F(EvictTest, LeavesATagAloneThatMovedMeanwhile) {
  const image::Digest other = node_.AddImage("other");
  meanwhile_ = [&] { node_.SetName(kTag, other); };
  EXPECT_EQ(Evict().state, ActionState::kRaced);
  EXPECT_EQ(node_.Target(kTag), other.text());
}

TEST_F(EvictTest, LeavesATagAloneThatAContainerCameToUse) {
  meanwhile_ = [&] { StartContainer(); };
  const auto outcome = Evict();
  EXPECT_EQ(outcome.state, ActionState::kRaced);
  EXPECT_THAT(outcome.detail, HasSubstr("app"));
  EXPECT_EQ(node_.Target(kTag), digest_.text());
}

TEST_F(EvictTest, SaysSoWhenTheCriKeepsResolvingTheName) {
  meanwhile_ = [&] { node_.cri_follows = false; };
  EXPECT_EQ(Evict().state, ActionState::kFailed);
}

TEST_F(EvictTest, FreesTheImage) {
  node_.SetName("registry.test/app@" + digest_.text(), digest_);
  EXPECT_EQ(Evict(true).state, ActionState::kDone);
  EXPECT_THAT(node_.store->records, IsEmpty());
}

TEST_F(EvictTest, AuditsEachChangeBeforeAndAfterIt) {
  node_.SetName("registry.test/app@" + digest_.text(), digest_);
  EXPECT_EQ(Evict(true).state, ActionState::kDone);
  const std::string name = "remove the name " + std::string(kTag) + ", which points to " + digest_.text();
  const std::string image = "remove image " + node_.ids[digest_.text()] + " with its names";
  EXPECT_THAT(audit_, ElementsAre("begun: " + name, "done: " + name, "begun: " + image, "done: " + image));
}

TEST_F(EvictTest, SaysWhichNamesStayWhenTheRemovalOfTheImageFails) {
  const std::string by_digest = "registry.test/app@" + digest_.text();
  node_.SetName(by_digest, digest_);
  node_.calls->Fail("removing image", absl::UnknownError("device busy"));
  const auto outcome = Evict(true);
  EXPECT_EQ(outcome.state, ActionState::kFailed);
  EXPECT_THAT(outcome.detail, testing::EndsWith("these names stay: " + by_digest));
  EXPECT_THAT(outcome.done,
              ElementsAre("removed the name " + std::string(kTag), "removed the name " + node_.ids[digest_.text()]));
  EXPECT_THAT(audit_.back(), testing::StartsWith("failed: remove image"));
}

TEST_F(EvictTest, AuditsARemovalOfWhichNobodyKnowsWhetherItWasMade) {
  meanwhile_ = [&] { node_.calls->Fail("removing the name", absl::DeadlineExceededError("no answer")); };
  const auto outcome = Evict();
  EXPECT_EQ(outcome.state, ActionState::kFailed);
  EXPECT_THAT(audit_.back(), testing::StartsWith("unsure: remove the name"));
}

TEST_F(EvictTest, FreesNothingWhenAnotherTagCameToShareTheImage) {
  meanwhile_ = [&] { node_.SetName(kSibling, digest_); };
  const auto outcome = Evict(true);
  EXPECT_EQ(outcome.state, ActionState::kDone);
  EXPECT_THAT(outcome.detail, HasSubstr(kSibling));
  EXPECT_THAT(outcome.not_done, ElementsAre(HasSubstr("removing image")));
  EXPECT_EQ(node_.Target(kSibling), digest_.text());
}

}  // namespace
}  // namespace tagdrift::agent
