// Several at once on one tag: two actions, or an action and the kubelet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "act_run.h"
#include "lab_files.h"
#include "lab_fixture.h"
#include "moved_tags.h"
#include "step_proxy.h"

namespace tagdrift::lab {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

ActRun Refresh(const MovedTag& tag, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"refresh", "--yes"});
  more.push_back(tag.reference);
  return Act(TheLab(), more, {.deadline = std::chrono::seconds(120)});
}

/// What makes a run go through the proxy.
std::vector<std::string> Through(const StepProxy& proxy) {
  return {"--runtime-endpoint", proxy.endpoint(), "--containerd-config", TheLab().containerd().config_file()};
}

std::future<ActRun> Beside(std::function<ActRun()> run) { return std::async(std::launch::async, std::move(run)); }

/// The tag points to `image`, complete; the CRI agrees and a container starts from it.
void ExpectTagIs(const MovedTag& tag, const Artifact& image, const std::string& says) {
  const NodeContent content = ReadContent(TheLab());
  EXPECT_EQ(content.Target(tag.reference), image.digest());
  EXPECT_TRUE(content.Holds(image));
  EXPECT_EQ(StartFrom(TheLab(), tag.reference.substr(tag.reference.rfind(':') + 1), tag.reference), says);
  EXPECT_EQ(TheLab().containerd().Ctr({"leases", "list", "-q"}), "");
}

TEST(ActionsAtOnce, TwoRefreshesOfOneTagMoveItOnce) {
  MovedTags tags(TheLab(), 1);
  const MovedTag tag = tags.Make("twice");

  auto other = Beside([&] { return Refresh(tag); });
  ActRun run = Refresh(tag);
  ActRun second = other.get();

  EXPECT_THAT((std::vector<std::string>{run.State(), second.State()}),
              UnorderedElementsAre("ACTION_STATE_DONE", "ACTION_STATE_NOTHING_TO_DO"));
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(second.exit_code, 0);
  ExpectTagIs(tag, tag.now, "twice now");
}

TEST(ActionsAtOnce, AnActionThatFindsTheTagLockedIsRefusedWhenItsTimeIsUp) {
  MovedTags tags(TheLab(), 2);
  const MovedTag tag = tags.Make("locked");
  ActRun loser;
  const StepProxy proxy(LabRoot() + "/locked.sock", TheLab().containerd().endpoint(), [&](const Step& step) {
    // Time enough to come to the lock, which the winner cannot prolong meanwhile.
    if (step.method.ends_with("/PullImage")) loser = Refresh(tag, {"--timeout", "5s"});
  });

  ActRun winner = Refresh(tag, Through(proxy));

  EXPECT_EQ(loser.State(), "ACTION_STATE_REFUSED");
  EXPECT_EQ(loser.exit_code, 1);
  EXPECT_THAT(loser.Outcome()["detail"].get<std::string>(), HasSubstr("another action works on " + tag.reference));
  EXPECT_EQ(winner.State(), "ACTION_STATE_DONE") << winner.report.dump(2);
  ExpectTagIs(tag, tag.now, "locked now");
}

TEST(ActionsAtOnce, AnActionThatStoodStillForTooLongLeavesTheTagToWhoTookItOver) {
  MovedTags tags(TheLab(), 3);
  const MovedTag tag = tags.Make("standstill");
  ActRun heir;
  const StepProxy proxy(LabRoot() + "/standstill.sock", TheLab().containerd().endpoint(), [&](const Step& step) {
    if (step.method.ends_with("/PullImage")) heir = Refresh(tag);
  });

  ActRun late = Refresh(tag, Through(proxy));

  EXPECT_EQ(heir.State(), "ACTION_STATE_DONE") << heir.report.dump(2);
  EXPECT_EQ(late.State(), "ACTION_STATE_RACED") << late.report.dump(2);
  EXPECT_EQ(late.exit_code, 2);
  ExpectTagIs(tag, tag.now, "standstill now");
}

TEST(ActionsAtOnce, RefreshAndEvictEndWithoutTheTagInEitherOrder) {
  MovedTags tags(TheLab(), 4);
  for (const char* name : {"both-1", "both-2", "both-3"}) {
    const MovedTag tag = tags.Make(name);
    tags.mirror().Push(name, tag.now);  // evict wants to know that the next pull brings the origin's image

    auto other = Beside([&] { return Act(TheLab(), {"evict", "--yes", tag.reference}); });
    ActRun refresh = Refresh(tag);
    ActRun evict = other.get();

    EXPECT_EQ(evict.State(), "ACTION_STATE_DONE") << evict.report.dump(2);
    if (refresh.exit_code == 0) {
      EXPECT_EQ(refresh.State(), "ACTION_STATE_DONE") << refresh.report.dump(2);
    } else {
      EXPECT_THAT(refresh.Refusals(), ElementsAre("REFUSAL_KIND_NOT_CACHED")) << refresh.report.dump(2);
    }
    EXPECT_EQ(TheLab().containerd().Target(tag.reference), "");
    EXPECT_EQ(CriId(TheLab(), tag.reference), "");
    EXPECT_EQ(TheLab().containerd().Ctr({"leases", "list", "-q"}), "");
  }
}

TEST(ActionsAtOnce, ARefreshAndTheKubeletsPullOfTheTagLeaveOneOfTheirImages) {
  MovedTags tags(TheLab(), 5);
  int number = 0;
  for (const char* moment : {"/ImageFsInfo", "/PullImage", "Leases/AddResource", "Images/Update", "/ImageStatus"}) {
    const std::string name = "pulled-" + std::to_string(++number);
    const MovedTag tag = tags.Make(name);
    std::future<absl::StatusOr<std::string>> pull;
    const StepProxy proxy(LabRoot() + "/" + name + ".sock", TheLab().containerd().endpoint(), [&](const Step& step) {
      if (pull.valid() || !step.method.ends_with(moment)) return;
      pull = std::async(std::launch::async, [&] { return TheLab().cri().Pull(tag.reference); });
    });

    ActRun run = Refresh(tag, Through(proxy));
    const auto pulled = pull.get();

    EXPECT_TRUE(pulled.ok()) << pulled.status();
    EXPECT_THAT(run.State(), AnyOf("ACTION_STATE_DONE", "ACTION_STATE_RACED")) << moment << run.report.dump(2);
    EXPECT_EQ(run.exit_code, run.State() == "ACTION_STATE_DONE" ? 0 : 2);
    const Artifact* image = tag.Find(TheLab().containerd().Target(tag.reference));
    ASSERT_NE(image, nullptr) << moment;
    ExpectTagIs(tag, *image, name + (image == &tag.now ? " now" : " old"));
  }
}

TEST(ActionsAtOnce, TwoTagsOfOneImageAreRefreshedBesideEachOther) {
  MovedTags tags(TheLab(), 6);
  const MovedTag tag = tags.Make("one");
  MovedTag twin = tag;
  twin.reference += "-twin";
  tags.mirror().Push("one-twin", tag.old);
  tags.origin().Push("one-twin", tag.old);
  ASSERT_TRUE(TheLab().cri().Pull(twin.reference).ok());
  tags.origin().Push("one-twin", tag.now);

  auto other = Beside([&] { return Refresh(twin); });
  ActRun run = Refresh(tag);
  ActRun second = other.get();

  EXPECT_EQ(run.State(), "ACTION_STATE_DONE") << run.report.dump(2);
  EXPECT_EQ(second.State(), "ACTION_STATE_DONE") << second.report.dump(2);
  ExpectTagIs(tag, tag.now, "one now");
  ExpectTagIs(twin, tag.now, "one now");
}

}  // namespace
}  // namespace tagdrift::lab
