// `tagdrift refresh` on a real containerd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "act_run.h"
#include "lab_files.h"
#include "lab_fixture.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Two images of one tag, v2 built after v1; NAME.test is a registry whose pulls go through a mirror that has only v1.
struct Incident {
  explicit Incident(const std::string& name)
      : v1(MakeImage({.text = name + " v1", .created = "2024-01-01T00:00:00Z", .runnable = true})),
        v2(MakeImage({.text = name + " v2", .created = "2024-02-01T00:00:00Z", .runnable = true})),
        repository(name + "/app"),
        name_by_tag(name + ".test/" + repository) {
    TheLab().mirror().Push(repository, "latest", v1);
    TheLab().upstream().Push(repository, "latest", v1);
    TheLab().containerd().SetHosts(name + ".test", TheLab().upstream().url(), {{.url = TheLab().mirror().url()}});
    Pull();
    TheLab().upstream().Push(repository, "latest", v2);
  }

  void Pull() const {
    const auto pulled = TheLab().cri().Pull(reference());
    ASSERT_TRUE(pulled.ok()) << pulled.status();
  }
  std::string reference() const { return name_by_tag + ":latest"; }
  std::string At(const Artifact& image) const { return name_by_tag + "@" + image.digest(); }

  Artifact v1;
  Artifact v2;
  std::string repository;
  std::string name_by_tag;
};

std::string CriId(const std::string& reference) {
  const auto status = TheLab().cri().ImageStatus(reference);
  return status.ok() && *status ? (*status)->id : "";
}

/// What a pod says that is started as the kubelet does with IfNotPresent: from what the node has.
std::string Start(const std::string& name, const std::string& reference) {
  const auto pod = TheLab().cri().Run({.name = name, .image_id = CriId(reference), .requested = reference});
  EXPECT_TRUE(pod.ok()) << pod.status();
  if (!pod.ok()) return "";
  const std::string line = FirstLine(*pod);
  EXPECT_TRUE(TheLab().cri().Remove(*pod).ok());
  return line;
}

TEST(RefreshOnNode, MovesTheTagPastAStaleMirrorAndARestartRunsTheNewCode) {
  const Incident app("incident");
  TheLab().containerd().Ctr({"images", "tag", app.reference(), app.name_by_tag + ":sibling"});
  const auto pod = TheLab().cri().Run({.name = "old", .image_id = app.v1.image_id(), .requested = app.reference()});
  ASSERT_TRUE(pod.ok()) << pod.status();
  EXPECT_EQ(FirstLine(*pod), "incident v1");

  ActRun run = Act(TheLab(), {"refresh", "--yes", app.reference()});

  EXPECT_EQ(run.exit_code, 0) << run.report.dump(2) << run.err;
  EXPECT_EQ(run.State(), "ACTION_STATE_DONE");
  EXPECT_EQ(run.Outcome()["targetDigest"], app.v2.digest());
  EXPECT_EQ(run.Plan()["durability"]["durable"], "DURABLE_NO");
  EXPECT_THAT(run.Plan()["durability"]["host"].get<std::string>(), HasSubstr(TheLab().mirror().host()));
  EXPECT_EQ(TheLab().containerd().Target(app.reference()), app.v2.digest());
  EXPECT_EQ(CriId(app.reference()), app.v2.image_id());
  EXPECT_EQ(TheLab().containerd().Target(app.name_by_tag + ":sibling"), app.v1.digest());
  EXPECT_EQ(TheLab().containerd().Target(app.At(app.v1)), app.v1.digest());
  EXPECT_EQ(TheLab().containerd().Target(app.At(app.v2)), app.v2.digest());
  EXPECT_THAT(run.err, HasSubstr(": begun: re-point " + app.reference()));
  EXPECT_THAT(run.err, HasSubstr(": done: re-point " + app.reference()));
  EXPECT_TRUE(TheLab().cri().Remove(*pod).ok());
  EXPECT_EQ(Start("new", app.reference()), "incident v2");

  const CheckRun check = Check(TheLab(), {"--no-containers", app.reference()});
  EXPECT_EQ(check.exit_code, 0);
  EXPECT_EQ(check.Tag(app.reference())["verdict"], "VERDICT_FRESH");
  EXPECT_EQ(check.Host(app.reference(), TheLab().mirror().url())["state"], "HOST_STATE_BEHIND");
  EXPECT_THAT(check.report["summary"]["headline"].get<std::string>(), HasSubstr(TheLab().mirror().host()));
  EXPECT_EQ(TheLab().containerd().Ctr({"leases", "list", "-q"}), "");
}

TEST(RefreshOnNode, ShowsThePlanAndChangesNothingWithoutYes) {
  const Incident app("planned");
  const std::string before = Names(TheLab());

  ActRun run = Act(TheLab(), {"refresh", app.reference()});

  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.State(), "ACTION_STATE_PLANNED");
  json plan = run.Plan();
  EXPECT_EQ(plan["fromDigest"], app.v1.digest());
  EXPECT_EQ(plan["toDigest"], app.v2.digest());
  ASSERT_EQ(plan["steps"].size(), 4U);
  EXPECT_EQ(plan["steps"][0]["kind"], "STEP_KIND_PULL");
  EXPECT_EQ(plan["steps"][0]["subject"], app.At(app.v2));
  EXPECT_NE(plan["bytesToCome"], "0");
  EXPECT_EQ(Names(TheLab()), before);

  const Output text = RunTagdrift(TheLab(), {"refresh", "--yes", "--dry-run", app.reference()});
  EXPECT_THAT(text.out, HasSubstr("nothing is changed without --yes"));
  EXPECT_THAT(text.out, HasSubstr("REPOINT"));
  EXPECT_EQ(Names(TheLab()), before);
}

TEST(RefreshOnNode, ShowsTheSamePlanFromARecordingWithoutNodeAndNetwork) {
  const Incident app("replayed");
  const auto pod =
      TheLab().cri().Run({.name = "replayed", .image_id = app.v1.image_id(), .requested = app.reference()});
  ASSERT_TRUE(pod.ok()) << pod.status();
  const Output recorded = RunTagdrift(TheLab(), {"record", "-", app.reference()});
  ASSERT_EQ(recorded.exit_code, 0) << recorded.err;

  for (const char* action : {"refresh", "prepull", "evict"}) {
    const Output live = RunTagdrift(TheLab(), {action, app.reference()});
    const Output replayed = RunCommand({"unshare", "--net", TagdriftBinary(), "replay", "-", action, app.reference()},
                                       {.input = recorded.out});
    EXPECT_EQ(replayed.out, live.out) << replayed.err;
    EXPECT_EQ(replayed.exit_code, live.exit_code);
    EXPECT_THAT(live.out, HasSubstr(app.reference()));
  }
  EXPECT_TRUE(TheLab().cri().Remove(*pod).ok());
}

TEST(RefreshOnNode, HasNothingToDoWhenFresh) {
  const Incident app("fresh-already");
  ASSERT_EQ(Act(TheLab(), {"refresh", "--yes", app.reference()}).State(), "ACTION_STATE_DONE");
  const std::string before = Names(TheLab());

  ActRun run = Act(TheLab(), {"refresh", "--yes", app.reference()});

  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.State(), "ACTION_STATE_NOTHING_TO_DO");
  EXPECT_EQ(Names(TheLab()), before);
}

TEST(RefreshOnNode, GoesBackWithEveryRegistryDown) {
  const Incident app("back");
  ASSERT_EQ(Act(TheLab(), {"refresh", "--yes", app.reference()}).State(), "ACTION_STATE_DONE");
  TheLab().containerd().SetHosts("back.test", "http://127.0.0.1:1", {});

  ActRun run = Act(TheLab(), {"refresh", "--yes", "--to", app.v1.digest(), app.reference()});

  EXPECT_EQ(run.exit_code, 0) << run.report.dump(2) << run.err;
  EXPECT_EQ(run.State(), "ACTION_STATE_DONE");
  EXPECT_EQ(run.Plan()["steps"][0]["kind"], "STEP_KIND_HOLD");
  EXPECT_EQ(TheLab().containerd().Target(app.reference()), app.v1.digest());
  EXPECT_EQ(CriId(app.reference()), app.v1.image_id());
  EXPECT_EQ(Start("back", app.reference()), "back v1");
}

TEST(RefreshOnNode, BringsBackContentThatIsMissing) {
  const Incident app("missing");
  ASSERT_EQ(Act(TheLab(), {"refresh", "--yes", app.reference()}).State(), "ACTION_STATE_DONE");
  TheLab().containerd().Ctr({"content", "rm", app.v2.digest()});
  ASSERT_EQ(Check(TheLab(), {app.reference()}).Tag(app.reference())["cause"], "CAUSE_NODE_DISAGREES");

  ActRun run = Act(TheLab(), {"refresh", "--yes", app.reference()});

  EXPECT_EQ(run.State(), "ACTION_STATE_DONE") << run.report.dump(2) << run.err;
  EXPECT_EQ(TheLab().containerd().Target(app.reference()), app.v2.digest());
  EXPECT_EQ(Check(TheLab(), {app.reference()}).Tag(app.reference())["verdict"], "VERDICT_FRESH");
}

TEST(RefreshOnNode, TakesTheWantedDigestFromAMirrorWhenTheOriginIsDown) {
  const Incident app("origin-down");
  TheLab().mirror().Push(app.repository, "new", app.v2);
  TheLab().containerd().SetHosts("origin-down.test", "http://127.0.0.1:1", {{.url = TheLab().mirror().url()}});

  EXPECT_THAT(Act(TheLab(), {"refresh", "--yes", app.reference()}).Refusals(),
              ElementsAre("REFUSAL_KIND_ORIGIN_UNKNOWN"));
  ActRun run = Act(TheLab(), {"refresh", "--yes", "--to", app.v2.digest(), app.reference()});

  EXPECT_EQ(run.exit_code, 0) << run.report.dump(2) << run.err;
  EXPECT_EQ(TheLab().containerd().Target(app.reference()), app.v2.digest());
  EXPECT_EQ(CriId(app.reference()), app.v2.image_id());
}

struct BuildTimes {
  const char* name;
  const char* cached;  ///< `created` of the image on the node
  const char* origins;
  bool goes_back;
};

class RefreshOverBuildTimes : public testing::TestWithParam<BuildTimes> {};

TEST_P(RefreshOverBuildTimes, GoesAheadUnlessTheOriginsImageIsProvenOlder) {
  const BuildTimes& times = GetParam();
  const std::string name = std::string("times-") + times.name;
  const std::string reference = name + ".test/" + name + "/app:v1";
  const Artifact cached = MakeImage({.text = name + " cached", .created = times.cached});
  const Artifact origins = MakeImage({.text = name + " origin", .created = times.origins});
  TheLab().upstream().Push(name + "/app", "v1", cached);
  TheLab().containerd().SetHosts(name + ".test", TheLab().upstream().url(), {{.url = TheLab().upstream().url()}});
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().upstream().Push(name + "/app", "v1", origins);

  ActRun run = Act(TheLab(), {"refresh", "--yes", reference});
  if (times.goes_back) {
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_THAT(run.Refusals(), ElementsAre("REFUSAL_KIND_GOING_BACK"));
    EXPECT_EQ(TheLab().containerd().Target(reference), cached.digest());
    run = Act(TheLab(), {"refresh", "--yes", "--allow-older", reference});
  }
  EXPECT_EQ(run.State(), "ACTION_STATE_DONE") << run.report.dump(2) << run.err;
  EXPECT_EQ(TheLab().containerd().Target(reference), origins.digest());
  EXPECT_EQ(CriId(reference), origins.image_id());
}

INSTANTIATE_TEST_SUITE_P(
    OnNode, RefreshOverBuildTimes,
    testing::Values(BuildTimes{"absent", "", "", false}, BuildTimes{"absent-here", "", "2024-01-01T00:00:00Z", false},
                    BuildTimes{"epoch", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", false},
                    BuildTimes{"epoch-there", "2024-01-01T00:00:00Z", "1970-01-01T00:00:00Z", false},
                    BuildTimes{"equal", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", false},
                    BuildTimes{"newer", "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", false},
                    BuildTimes{"older", "2024-02-01T00:00:00Z", "2024-01-01T00:00:00Z", true}),
    [](const auto& row) {
      std::string name = row.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(RefreshOnNode, LeavesTheDigestNameThatAPullWouldWhenTheContentIsHereAlready) {
  const Incident app("taken-back");
  ASSERT_TRUE(TheLab().cri().Pull(app.At(app.v2)).ok());
  // Another name keeps the content, as the garbage collection that has not run yet would.
  TheLab().containerd().Ctr({"images", "tag", app.At(app.v2), "kept.test/app:1"});
  TheLab().containerd().Ctr({"images", "rm", app.At(app.v2)});

  ActRun run = Act(TheLab(), {"refresh", "--yes", app.reference()});

  EXPECT_EQ(run.State(), "ACTION_STATE_DONE") << run.report.dump(2) << run.err;
  EXPECT_EQ(run.Plan()["steps"][0]["kind"], "STEP_KIND_HOLD") << "nothing is pulled";
  EXPECT_EQ(TheLab().containerd().Target(app.At(app.v2)), app.v2.digest());
  const auto status = TheLab().cri().ImageStatus(app.reference());
  ASSERT_TRUE(status.ok() && *status);
  EXPECT_THAT((*status)->repo_digests, testing::Contains(app.At(app.v2)));
}

TEST(RefreshOnNode, RefusesAnotherRepositorysImageThatHappensToBeHere) {
  const Incident app("foreign");
  const Artifact other = MakeImage({.text = "another repository's"});
  TheLab().upstream().Push("foreign/private", "v1", other);
  ASSERT_TRUE(TheLab().cri().Pull(TheLab().upstream().host() + "/foreign/private:v1").ok());
  const std::string before = Names(TheLab());

  ActRun run = Act(TheLab(), {"refresh", "--yes", "--to", other.digest(), app.reference()});

  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.Refusals(), ElementsAre("REFUSAL_KIND_NOT_OF_REPOSITORY")) << run.report.dump(2);
  EXPECT_EQ(Names(TheLab()), before);
}

TEST(RefreshOnNode, GoesBackByTheFirstDigitsOfADigest) {
  const Incident app("digits");
  ASSERT_EQ(Act(TheLab(), {"refresh", "--yes", app.reference()}).State(), "ACTION_STATE_DONE");

  ActRun run = Act(TheLab(), {"refresh", "--yes", "--to", app.v1.digest().substr(7, 12), app.reference()});

  EXPECT_EQ(run.State(), "ACTION_STATE_DONE") << run.report.dump(2) << run.err;
  EXPECT_EQ(TheLab().containerd().Target(app.reference()), app.v1.digest());
}

TEST(RefreshOnNode, RefreshesAllThatCheckNames) {
  const Incident first("piped-one");
  const Incident second("piped-two");
  const Output output = RunCommand({"sh", "-c",
                                    TagdriftBinary() + " check --stale-only -o name 'piped-*' --runtime-endpoint " +
                                        TheLab().containerd().endpoint() + " | xargs " + TagdriftBinary() +
                                        " refresh --yes --runtime-endpoint " + TheLab().containerd().endpoint()});

  EXPECT_EQ(output.exit_code, 0) << output.out << output.err;
  EXPECT_EQ(TheLab().containerd().Target(first.reference()), first.v2.digest());
  EXPECT_EQ(TheLab().containerd().Target(second.reference()), second.v2.digest());
}

}  // namespace
}  // namespace tagdrift::lab
