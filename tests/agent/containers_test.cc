// Rounds over a node whose containers run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace tagdrift::agent {
namespace {

using judge::Verdict;
using testing::IsEmpty;
using testing::SizeIs;

class ContainerRound : public testing::Test {
 protected:
  ContainerRound() {
    scene_.registry.Push("app", "v1", new_);
    scene_.registry.Add(old_);
  }

  node::CriContainer& Run(const SampleImage& image, const std::string& asked) {
    node::CriContainer container;
    container.id = "c" + std::to_string(scene_.node.cri->containers.size());
    container.name = "app";
    container.sandbox_id = "s-" + container.id;
    container.state = "running";
    container.image = container.image_ref = image.id();
    container.user_specified_image = asked.empty() ? "" : NameOf(asked);
    scene_.node.cri->containers.push_back(container);
    return scene_.node.cri->containers.back();
  }

  static CheckOptions Matching(const std::string& pattern) {
    CheckOptions options;
    options.selection.patterns = *ParsePatterns({pattern});
    return options;
  }

  Scene scene_;
  const SampleImage old_{"old", 2020};
  const SampleImage new_{"new", 2024};
};

TEST_F(ContainerRound, FindsTheOldPodOfAFreshTagWithoutAnotherRequest) {
  scene_.Cache(NameOf("app:v1"), new_);
  Run(old_, "app:v1");
  const report::Round round = scene_.Check();
  EXPECT_EQ(ResultOf(round, "app:v1").verdict, Verdict::kFresh);
  ASSERT_THAT(round.containers, SizeIs(1));
  EXPECT_EQ(round.containers[0].verdict, Verdict::kStale);
  EXPECT_EQ(round.containers[0].restart.outcome, judge::Outcome::kFresh);
  EXPECT_EQ(scene_.registry.Count(), 1);
}

TEST_F(ContainerRound, AsksAboutATagThatIsNotHereAnyMoreButListsItNot) {
  Run(new_, "app:v1");
  report::Round round = scene_.Check();
  EXPECT_THAT(round.tags, IsEmpty());
  ASSERT_THAT(round.containers, SizeIs(1));
  EXPECT_EQ(round.containers[0].verdict, Verdict::kFresh);
  scene_.node.cri->containers[0].image_ref = old_.id();
  round = scene_.Check({}, Matching(NameOf("app:v1")));
  ASSERT_THAT(round.containers, SizeIs(1)) << "a pattern may name it";
  EXPECT_EQ(round.containers[0].verdict, Verdict::kStale);
}

TEST_F(ContainerRound, LeavesOutContainersOfTagsThatWereNotSelected) {
  scene_.Cache(NameOf("app:v1"), new_);
  scene_.registry.Push("other", "v1", new_);
  scene_.Cache(NameOf("other:v1"), new_);
  Run(old_, "other:v1");
  EXPECT_THAT(scene_.Check({}, Matching(NameOf("app:v1"))).containers, IsEmpty());
  CheckOptions options;
  options.selection.ignored = *ParsePatterns({NameOf("other:*")});
  EXPECT_THAT(scene_.Check({}, options).containers, IsEmpty());
  options = {};
  options.selection.in_use = true;
  scene_.node.cri->containers[0].state = "exited";
  EXPECT_THAT(scene_.Check({}, options).tags, IsEmpty()) << "an exited container is no use";
}

TEST_F(ContainerRound, JudgesASiblingBesidesWhereTheAskedNameIsNotKnown) {
  scene_.Cache(NameOf("app:v1"), new_);
  scene_.registry.Push("app", "v2", new_);
  scene_.node.SetName(NameOf("app:v2"), new_.digest());
  Run(new_, "");
  scene_.node.store->containers = {{"c0", NameOf("app:v1")}};
  const report::Round round = scene_.Check({}, Matching(NameOf("app:v1")));
  EXPECT_THAT(round.tags, SizeIs(1));
  EXPECT_THAT(round.asked_for, SizeIs(1));
  ASSERT_THAT(round.containers, SizeIs(1));
  EXPECT_EQ(round.containers[0].verdict, Verdict::kFresh);
}

TEST_F(ContainerRound, LooksTwiceBeforeItCallsAContainerStale) {
  scene_.Cache(NameOf("app:v1"), new_);
  Run(old_, "app:v1");
  // It is started anew while the registry is asked.
  CheckOptions options;
  options.progress = [this](std::size_t, std::size_t) { scene_.node.cri->containers[0].image_ref = new_.id(); };
  const report::Round round = scene_.Check({}, options);
  ASSERT_THAT(round.containers, SizeIs(1));
  EXPECT_EQ(round.containers[0].verdict, Verdict::kFresh);
}

}  // namespace
}  // namespace tagdrift::agent
