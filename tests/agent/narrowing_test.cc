// A part of a round is what a check of that part alone says.
#include "tagdrift/agent/narrowing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scene.h"
#include "tagdrift/agent/kept_round.h"
#include "tagdrift/report/report.h"

namespace tagdrift::agent {
namespace {

class NarrowingTest : public testing::Test {
 protected:
  NarrowingTest() {
    for (const char* repository : {"app", "other", "gone-from-here"}) scene_.registry.Push(repository, "v1", new_);
    scene_.registry.Push("app", "also", old_);
    scene_.registry.Add(old_);
    scene_.Cache(NameOf("app:v1"), old_);
    scene_.Cache(NameOf("app:also"), old_);
    scene_.Cache(NameOf("other:v1"), new_);
    scene_.node.SetName(NameOf("app@" + old_.digest().text()), old_.digest());
    scene_.node.SetName(NameOf("other@" + new_.digest().text()), new_.digest());
    Run(old_, NameOf("app:v1"));
    Run(new_, NameOf("gone-from-here:v1"));
    Run(old_, NameOf("app@" + old_.digest().text()));
    // Only containerd's record tells one of the names that this one may have asked for.
    scene_.node.store->containers.push_back({.id = Run(old_, ""), .image = NameOf("app:v1")});
  }

  std::string Run(const SampleImage& image, const std::string& asked) {
    node::CriContainer container;
    container.id = "c" + std::to_string(scene_.node.cri->containers.size());
    container.sandbox_id = "s-" + container.id;
    container.state = "running";
    container.image = container.image_ref = image.id();
    container.user_specified_image = asked;
    scene_.node.cri->containers.push_back(container);
    return container.id;
  }

  /// Without what takes time and the round's own moment.
  static std::string TextOf(const report::Round& round) {
    const v1::NodeReport report = report::ToMessage(round);
    std::string text = report.summary().DebugString();
    for (const v1::TagReport& tag : report.tags()) {
      text += tag.reference() + " " + v1::Verdict_Name(tag.verdict()) + " " + v1::Cause_Name(tag.cause()) + "\n";
    }
    for (const v1::ContainerReport& container : report.containers()) text += container.DebugString();
    return text;
  }

  /// The part of a whole round.
  report::Round PartOf(const Selection& selection, bool with_containers) {
    report::Round round = KeptRound(scene_.Check()).Unjudged();
    if (!with_containers) LeaveOutContainers(round);
    const absl::Status kept =
        KeepSelected(selection, round, [&round](report::JudgedTag& tag) { report::JudgeTag(round, tag); });
    EXPECT_TRUE(kept.ok()) << kept;
    return round;
  }

  Scene scene_;
  const SampleImage old_{"old", 2020};
  const SampleImage new_{"new", 2024};
};

TEST_F(NarrowingTest, SaysWhatACheckOfThatPartSays) {
  const std::string used_digest = NameOf("app@" + old_.digest().text());
  const std::string unused_digest = NameOf("other@" + new_.digest().text());
  const std::vector<std::vector<std::string>> lists = {{},
                                                       {NameOf("app:v1")},
                                                       {NameOf("app:also")},
                                                       {NameOf("other:v1")},
                                                       {NameOf("gone-from-here:v1")},
                                                       {used_digest},
                                                       {unused_digest},
                                                       {"*/app:*", unused_digest}};
  for (const std::vector<std::string>& patterns : lists) {
    for (const std::vector<std::string>& ignored : {std::vector<std::string>(), {NameOf("app:also")}}) {
      for (const bool in_use : {false, true}) {
        for (const bool with_containers : {true, false}) {
          const Selection selection{.patterns = *ParsePatterns(patterns),
                                    .ignored = *ParsePatterns(ignored),
                                    .in_use = in_use,
                                    .unmatched_is_nothing = true};
          CheckOptions alone;
          alone.selection = selection;
          alone.with_containers = with_containers;
          EXPECT_EQ(TextOf(PartOf(selection, with_containers)), TextOf(scene_.Check({}, alone)))
              << testing::PrintToString(patterns) << " without " << testing::PrintToString(ignored)
              << (in_use ? ", in use" : "") << (with_containers ? "" : ", no containers");
        }
      }
    }
  }
}

}  // namespace
}  // namespace tagdrift::agent
