// Actions on a real containerd that keeps no layer blobs once they are unpacked (discard_unpacked_layers).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "act_run.h"
#include "lab_files.h"
#include "lab_fixture.h"

namespace tagdrift::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

void DiscardLayersFromNowOn() {
  Containerd& containerd = TheLab().containerd();
  WriteFile(containerd.config_file(), ReadFile(containerd.config_file()) +
                                          "\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n"
                                          "  discard_unpacked_layers = true\n");
  containerd.Restart();
}

/// Removing a name with sync waits for a garbage collection.
void CollectGarbage(const std::string& reference) {
  TheLab().containerd().Ctr({"images", "tag", reference, "collect.test/junk:1"});
  TheLab().containerd().Ctr({"images", "remove", "--sync", "collect.test/junk:1"});
}

TEST(ActionsWithoutLayerBlobs, TakeUnpackedLayersForComplete) {
  DiscardLayersFromNowOn();
  const Artifact v1 = MakeImage({.text = "discard v1", .created = "2024-01-01T00:00:00Z"});
  const Artifact v2 = MakeImage({.text = "discard v2", .created = "2024-02-01T00:00:00Z"});
  const std::string reference = TheLab().upstream().host() + "/discard/app:latest";
  TheLab().upstream().Push("discard/app", "latest", v1);
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().upstream().Push("discard/app", "latest", v2);

  const ActRun forth = Act(TheLab(), {"refresh", "--yes", reference});
  CollectGarbage(reference);
  const std::string blobs = TheLab().containerd().Ctr({"content", "list", "-q"});
  ASSERT_THAT(blobs, Not(HasSubstr(v1.blobs.back().digest)));
  ASSERT_THAT(blobs, Not(HasSubstr(v2.blobs.back().digest)));
  TheLab().upstream().Stop();
  const ActRun back = Act(TheLab(), {"refresh", "--yes", "--to", v1.digest(), reference});
  TheLab().upstream().Start();

  EXPECT_EQ(forth.State(), "ACTION_STATE_DONE") << forth.report.dump(2) << forth.err;
  EXPECT_EQ(back.State(), "ACTION_STATE_DONE") << back.report.dump(2) << back.err;
  EXPECT_EQ(back.Plan()["steps"][0]["kind"], "STEP_KIND_HOLD");
  EXPECT_EQ(TheLab().containerd().Target(reference), v1.digest());
  EXPECT_EQ(Act(TheLab(), {"prepull", "--yes", reference}).State(), "ACTION_STATE_NOTHING_TO_DO");
}

}  // namespace
}  // namespace tagdrift::lab
