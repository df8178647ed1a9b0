// `tagdrift evict` on a real containerd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "act_run.h"
#include "lab_files.h"
#include "lab_fixture.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// An image as `latest`, and an index over it as `multi`: one image id under two tags.
struct TwoTags {
  explicit TwoTags(const std::string& name)
      : image(MakeImage({.text = name, .runnable = true})),
        index(MakeIndex({image})),
        repository(TheLab().upstream().host() + "/" + name + "/app") {
    TheLab().upstream().Push(name + "/app", "latest", image);
    TheLab().upstream().Push(name + "/app", "multi", index);
    Pull(":latest");
    Pull(":multi");
  }
  void Pull(const std::string& tag) const {
    const auto pulled = TheLab().cri().Pull(repository + tag);
    ASSERT_TRUE(pulled.ok()) << pulled.status();
  }
  std::string Target(const std::string& rest) const { return TheLab().containerd().Target(repository + rest); }

  Artifact image;
  Artifact index;
  std::string repository;
};

/// containerd 1.6 does not keep what a container asked for, so all tags of its image count as used.
bool KeepsWhatContainersAskedFor() { return TheLab().containerd().version() != "1.6"; }

bool CriKnows(const std::string& reference) {
  const auto status = TheLab().cri().ImageStatus(reference);
  return status.ok() && status->has_value();
}

void ExpectRefused(const std::string& reference, const testing::Matcher<std::vector<std::string>>& refusals) {
  const std::string before = Names(TheLab());
  const ActRun run = Act(TheLab(), {"evict", "--yes", reference});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.State(), "ACTION_STATE_REFUSED");
  EXPECT_THAT(run.Refusals(), refusals) << run.report.dump(2);
  EXPECT_EQ(Names(TheLab()), before);
}

TEST(EvictOnNode, RemovesOneNameWhereTheCriWouldRemoveAll) {
  const TwoTags app("evict-one");
  const auto pod = TheLab().cri().Run(
      {.name = "evict-one", .image_id = app.image.image_id(), .requested = app.repository + ":latest"});
  ASSERT_TRUE(pod.ok()) << pod.status();
  std::vector<std::string> command{"evict", "--yes", app.repository + ":multi"};
  if (!KeepsWhatContainersAskedFor()) {
    ExpectRefused(app.repository + ":multi", ElementsAre("REFUSAL_KIND_IN_USE"));
    command.push_back("--force");
  }

  const ActRun run = Act(TheLab(), command);

  EXPECT_EQ(run.exit_code, 0) << run.report.dump(2) << run.err;
  EXPECT_EQ(run.State(), "ACTION_STATE_DONE");
  EXPECT_FALSE(CriKnows(app.repository + ":multi"));
  EXPECT_TRUE(CriKnows(app.repository + ":latest"));
  EXPECT_EQ(app.Target(":multi"), "");
  EXPECT_EQ(app.Target(":latest"), app.image.digest());
  EXPECT_EQ(app.Target("@" + app.image.digest()), app.image.digest());
  EXPECT_EQ(app.Target("@" + app.index.digest()), app.index.digest());
  EXPECT_EQ(FirstLine(*pod), "evict-one");
  EXPECT_THAT(run.err, HasSubstr(": done: remove the name " + app.repository + ":multi"));

  app.Pull(":multi");
  ASSERT_TRUE(TheLab().cri().Remove(app.repository + ":multi").ok());
  EXPECT_FALSE(CriKnows(app.repository + ":latest"));
  EXPECT_EQ(app.Target(":latest"), "");
  EXPECT_TRUE(TheLab().cri().Remove(*pod).ok());
}

TEST(EvictOnNode, RefusesAContainersImageUntilForced) {
  const TwoTags app("evict-used");
  const auto pod = TheLab().cri().Run(
      {.name = "evict-used", .image_id = app.image.image_id(), .requested = app.repository + ":latest"});
  ASSERT_TRUE(pod.ok()) << pod.status();
  ExpectRefused(app.repository + ":latest", ElementsAre("REFUSAL_KIND_IN_USE"));

  const ActRun run = Act(TheLab(), {"evict", "--yes", "--force", "--free", app.repository + ":latest"});

  EXPECT_EQ(run.State(), "ACTION_STATE_DONE") << run.report.dump(2);
  EXPECT_EQ(run.Plan()["overridden"][0]["kind"], "REFUSAL_KIND_IN_USE");
  EXPECT_EQ(app.Target(":latest"), "");
  EXPECT_EQ(app.Target(":multi"), app.index.digest());
  EXPECT_TRUE(TheLab().cri().Remove(*pod).ok());
}

TEST(EvictOnNode, RefusesWhenUpstreamIsDown) {
  const TwoTags app("evict-down");
  const std::string reference = "evict-down.test/evict-down/app:latest";
  TheLab().containerd().SetHosts("evict-down.test", TheLab().upstream().url(), {{.url = TheLab().mirror().url()}});
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().containerd().SetHosts("evict-down.test", "http://127.0.0.1:1", {{.url = TheLab().mirror().url()}});
  ExpectRefused(reference, ElementsAre("REFUSAL_KIND_PULL_NOT_PROVEN"));
}

TEST(EvictOnNode, RefusesBehindAStaleMirror) {
  const Artifact old = MakeImage({.text = "evict-stale old", .created = "2024-01-01T00:00:00Z"});
  const Artifact young = MakeImage({.text = "evict-stale new", .created = "2024-02-01T00:00:00Z"});
  TheLab().upstream().Push("evict-stale/app", "latest", young);
  TheLab().containerd().SetHosts("evict-stale.test", TheLab().upstream().url(), {{.url = TheLab().mirror().url()}});
  const std::string reference = "evict-stale.test/evict-stale/app:latest";
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().mirror().Push("evict-stale/app", "latest", old);
  ExpectRefused(reference, ElementsAre("REFUSAL_KIND_PULL_NOT_PROVEN"));
}

TEST(EvictOnNode, RefusesPinnedImages) {
  const TwoTags app("evict-pinned");
  TheLab().containerd().Ctr({"images", "label", app.repository + ":latest", "io.cri-containerd.pinned=pinned"});
  ExpectRefused(app.repository + ":latest", ElementsAre("REFUSAL_KIND_PINNED"));
}

TEST(EvictOnNode, RefusesTheSandboxImage) {
  const std::string pause = TheLab().upstream().host() + "/pause:1";
  ASSERT_TRUE(TheLab().cri().Pull(pause).ok());
  const bool pins = TheLab().containerd().version() != "1.6";
  ExpectRefused(pause, Contains(pins ? "REFUSAL_KIND_PINNED" : "REFUSAL_KIND_SANDBOX_IMAGE"));
}

TEST(EvictOnNode, RefusesProtectedNames) {
  const TwoTags app("evict-protected");
  const ActRun run = Act(TheLab(), {"evict", "--yes", "--protect", "*/evict-protected/*", app.repository + ":latest"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.Refusals(), ElementsAre("REFUSAL_KIND_PROTECTED"));
  EXPECT_EQ(app.Target(":latest"), app.image.digest());
}

TEST(EvictOnNode, FreesTheImageWithItsLastTag) {
  const TwoTags app("evict-free");
  const ActRun shared = Act(TheLab(), {"evict", "--yes", "--free", app.repository + ":multi"});
  EXPECT_EQ(shared.State(), "ACTION_STATE_DONE") << shared.report.dump(2);
  EXPECT_EQ(app.Target(":latest"), app.image.digest());
  EXPECT_EQ(app.Target("@" + app.index.digest()), app.index.digest());

  const json plan = Act(TheLab(), {"evict", "--free", app.repository + ":latest"}).Plan();
  EXPECT_THAT(plan["namesGo"].get<std::vector<std::string>>(),
              testing::UnorderedElementsAre(app.repository + ":latest", app.repository + "@" + app.image.digest(),
                                            app.repository + "@" + app.index.digest(), app.image.image_id()));
  const ActRun last = Act(TheLab(), {"evict", "--yes", "--free", app.repository + ":latest"});

  EXPECT_EQ(last.State(), "ACTION_STATE_DONE") << last.report.dump(2);
  EXPECT_THAT(Names(TheLab()), Not(HasSubstr(app.repository)));
  EXPECT_THAT(Names(TheLab()), Not(HasSubstr(app.image.image_id())));
}

TEST(EvictOnNode, HasNothingToDoForANameThatIsNotThere) {
  const ActRun run = Act(TheLab(), {"evict", "--yes", TheLab().upstream().host() + "/nowhere/app:1"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.State(), "ACTION_STATE_NOTHING_TO_DO");
}

}  // namespace
}  // namespace tagdrift::lab
