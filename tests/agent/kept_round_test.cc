// A round as it is kept.
#include "tagdrift/agent/kept_round.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "scene.h"
#include "tagdrift/agent/narrowing.h"
#include "tagdrift/record/recording.h"
#include "tagdrift/report/report.h"

namespace tagdrift::agent {
namespace {

/// Of stale and fresh tags, of which containers use some, and a name that is not here.
class KeptRoundTest : public testing::Test {
 protected:
  KeptRoundTest() {
    for (const char* repository : {"app", "other", "gone-from-here"}) scene_.registry.Push(repository, "v1", new_);
    scene_.registry.Add(old_);
    scene_.Cache(NameOf("app:v1"), old_);
    scene_.Cache(NameOf("other:v1"), new_);
    Run(old_, "app:v1");
    Run(old_, "other:v1");
    Run(new_, "gone-from-here:v1");
    round_ = scene_.Check();
  }

  void Run(const SampleImage& image, const std::string& asked) {
    node::CriContainer container;
    container.id = "c" + std::to_string(scene_.node.cri->containers.size());
    container.sandbox_id = "s-" + container.id;
    container.state = "running";
    container.image = container.image_ref = image.id();
    container.user_specified_image = NameOf(asked);
    scene_.node.cri->containers.push_back(container);
  }

  Scene scene_;
  const SampleImage old_{"old", 2020};
  const SampleImage new_{"new", 2024};
  report::Round round_;
};

std::string FactsOf(const report::Round& round) {
  return record::Write({.tagdrift = "1.2.3", .invocation = {}, .patterns = {}, .round = round});
}

TEST_F(KeptRoundTest, IsTheSameRoundAgain) {
  ASSERT_EQ(round_.tags.size(), 2U);
  ASSERT_EQ(round_.asked_for.size(), 1U);
  ASSERT_EQ(ResultOf(round_, "app:v1").verdict, judge::Verdict::kStale);
  const report::Round whole = KeptRound(round_).Whole();
  EXPECT_EQ(report::ToMessage(whole).DebugString(), report::ToMessage(round_).DebugString());
  EXPECT_EQ(FactsOf(whole), FactsOf(round_));
  EXPECT_EQ(whole.tags[0].asked_at, round_.tags[0].asked_at);
  EXPECT_EQ(whole.asked_for[0].asked_at, round_.asked_for[0].asked_at);
}

TEST_F(KeptRoundTest, JudgesOnlyWhatIsKeptOfIt) {
  const KeptRound kept(round_);
  struct Case {
    const char* pattern;
    std::set<std::string> judged;
  };
  // What a container of a kept tag is measured by is judged too.
  for (const auto& [pattern, judged] : {Case{"app:v1", {"app:v1"}}, Case{"*/gone-from-here:*", {"gone-from-here:v1"}},
                                        Case{"*", {"app:v1", "other:v1", "gone-from-here:v1"}}}) {
    const Selection selection{
        .patterns = {*NamePattern::Parse(std::string(pattern).starts_with("*") ? pattern : NameOf(pattern))}};
    report::Round whole = kept.Whole();
    ASSERT_TRUE(KeepSelected(selection, whole).ok()) << pattern;
    report::Round part = kept.Unjudged();
    std::set<std::string> needed;
    const auto judge = [&](report::JudgedTag& tag) {
      EXPECT_TRUE(needed.insert(tag.facts.image.reference.Canonical()).second);
      report::JudgeTag(part, tag);
    };
    ASSERT_TRUE(KeepSelected(selection, part, judge).ok()) << pattern;
    EXPECT_EQ(report::ToMessage(part).DebugString(), report::ToMessage(whole).DebugString());
    std::set<std::string> expected;
    for (const std::string& name : judged) expected.insert(NameOf(name));
    EXPECT_EQ(needed, expected) << pattern;
  }
}

TEST_F(KeptRoundTest, JudgesOnlyTheTagThatIsExplained) {
  const KeptRound kept(round_);
  report::Round whole = kept.Whole();
  ASSERT_TRUE(KeepSubject({NameOf("gone-from-here:v1"), false}, whole).ok());
  report::Round part = kept.Unjudged();
  int judged = 0;
  const auto judge = [&](report::JudgedTag& tag) {
    ++judged;
    report::JudgeTag(part, tag);
  };
  ASSERT_TRUE(KeepSubject({NameOf("gone-from-here:v1"), false}, part, judge).ok());
  EXPECT_EQ(report::ToMessage(part).DebugString(), report::ToMessage(whole).DebugString());
  EXPECT_EQ(judged, 1);
}

TEST_F(KeptRoundTest, HasWhatIsKnownOfTagsOnce) {
  const KeptRound kept(round_);
  EXPECT_EQ(kept.tags().size(), 3U);
  EXPECT_TRUE(kept.rest().tags.empty());
  EXPECT_TRUE(kept.rest().asked_for.empty());
  EXPECT_TRUE(kept.rest().node.images.empty());
}

TEST_F(KeptRoundTest, KeepsNodeImagesThatTheirTagsDoNotTell) {
  round_.node.images[0].pinned = true;  // and not any more when its tag was looked at again
  round_.tags.pop_back();
  const KeptRound kept(round_);
  EXPECT_EQ(kept.rest().node.images.size(), 2U);
  EXPECT_EQ(kept.Whole().node.images, round_.node.images);
}

TEST_F(KeptRoundTest, KnowsTheRepositoriesOfTheNode) {
  const KeptRound kept(round_);
  EXPECT_TRUE(kept.HasRepository("registry.test/app"));
  EXPECT_FALSE(kept.HasRepository("registry.test/gone-from-here")) << "a container asked for it";
  round_.tags.clear();
  EXPECT_TRUE(KeptRound(round_).HasRepository("registry.test/app")) << "though nobody asked about it";
}

}  // namespace
}  // namespace tagdrift::agent
