// `tagdrift prepull` on a real containerd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "act_run.h"
#include "lab_files.h"
#include "lab_fixture.h"
#include "scripted_registry.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Target(const std::string& name) { return TheLab().containerd().Target(name); }

TEST(PrePullOnNode, BringsTheOriginsImageAndMovesNoTag) {
  const Artifact v1 = MakeImage({.text = "prepull v1", .created = "2024-01-01T00:00:00Z"});
  const Artifact v2 = MakeImage({.text = "prepull v2", .created = "2024-02-01T00:00:00Z"});
  const std::string repository = TheLab().upstream().host() + "/prepull/app";
  TheLab().upstream().Push("prepull/app", "latest", v1);
  ASSERT_TRUE(TheLab().cri().Pull(repository + ":latest").ok());
  TheLab().upstream().Push("prepull/app", "latest", v2);

  ActRun run = Act(TheLab(), {"prepull", "--yes", repository + ":latest"});

  EXPECT_EQ(run.exit_code, 0) << run.report.dump(2) << run.err;
  EXPECT_EQ(run.State(), "ACTION_STATE_DONE");
  EXPECT_EQ(Target(repository + "@" + v2.digest()), v2.digest());
  EXPECT_EQ(Target(repository + ":latest"), v1.digest());
  TheLab().upstream().TakeRequests();
  EXPECT_EQ(Act(TheLab(), {"prepull", "--yes", repository + ":latest"}).State(), "ACTION_STATE_NOTHING_TO_DO");
}

TEST(PrePullOnNode, BringsSeveralAtOnceThatTheNodeNeverHad) {
  std::vector<std::string> command{"prepull", "-o", "json", "--yes", "--parallel", "3"};
  std::vector<std::string> names;
  for (int i = 0; i < 5; ++i) {
    const Artifact image = MakeImage({.text = "several " + std::to_string(i)});
    const std::string repository = "several/app" + std::to_string(i);
    TheLab().upstream().Push(repository, "v1", image);
    const std::string by_digest = TheLab().upstream().host() + "/" + repository + "@" + image.digest();
    command.push_back(i == 0 ? by_digest : TheLab().upstream().host() + "/" + repository + ":v1");
    names.push_back(by_digest);
  }

  const Output output = RunTagdrift(TheLab(), command);

  EXPECT_EQ(output.exit_code, 0) << output.out << output.err;
  json report = json::parse(output.out);
  ASSERT_EQ(report["results"].size(), 5U);
  for (const json& result : report["results"]) EXPECT_EQ(result["outcome"]["state"], "ACTION_STATE_DONE") << result;
  for (const std::string& name : names) EXPECT_NE(Target(name), "") << name;
}

TEST(PrePullOnNode, TriesAgainAfterATransientFailure) {
  const Artifact image = MakeImage({.text = "transient"});
  int failures = 0;
  ScriptedRegistry registry;
  registry.Push("v1", image);
  registry.SetFault(
      [&failures, layer = image.blobs.back().digest](const ScriptedRequest& request) -> std::optional<ScriptedReply> {
        if (!FromContainerd(request) || request.path.find(layer) == std::string::npos || failures >= 2)
          return std::nullopt;
        ++failures;
        return ReplyOf(503);
      });
  TheLab().containerd().SetHosts("transient.test", registry.url(), {{.url = registry.url()}});

  ActRun run = Act(TheLab(), {"prepull", "--yes", "transient.test/app:v1"});

  EXPECT_EQ(run.State(), "ACTION_STATE_DONE") << run.report.dump(2) << run.err;
  EXPECT_EQ(failures, 2);
}

TEST(PrePullOnNode, DeadlineEndsItAndTakesItsNamesAway) {
  const Artifact image = MakeImage({.text = "deadline"});
  ScriptedRegistry registry;
  registry.Push("v1", image);
  registry.SetFault(
      [layer = image.blobs.back().digest](const ScriptedRequest& request) -> std::optional<ScriptedReply> {
        if (!FromContainerd(request) || request.path.find(layer) == std::string::npos) return std::nullopt;
        ScriptedReply slow = ReplyOf(503);
        slow.delay = std::chrono::minutes(2);
        return slow;
      });
  TheLab().containerd().SetHosts("deadline.test", registry.url(), {{.url = registry.url()}});
  const std::string before = Names(TheLab());

  // Time enough to come to the pull.
  ActRun run = Act(TheLab(), {"prepull", "--yes", "--timeout", "6s", "deadline.test/app:v1"});

  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.State(), "ACTION_STATE_FAILED") << run.report.dump(2);
  EXPECT_EQ(Names(TheLab()), before);
}

TEST(PrePullOnNode, PrivateImageNeedsToBeAllowed) {
  Registry guarded("prepull-guarded", {.wants_password = true});
  const Artifact image = MakeImage({.text = "private"});
  guarded.Push("team/app", "v1", image);
  TheLab().containerd().SetHosts(guarded.host(), "", {{.url = guarded.url()}});
  const std::string reference = guarded.host() + "/team/app:v1";
  const std::string auth_file = LabRoot() + "/prepull-auth.json";
  // base64 of lab:lab-secret
  WriteFile(auth_file, R"({"auths":{")" + guarded.host() + R"(":{"auth":"bGFiOmxhYi1zZWNyZXQ="}}})");

  EXPECT_THAT(Act(TheLab(), {"prepull", "--yes", "--auth-file", auth_file, reference}).Refusals(),
              ElementsAre("REFUSAL_KIND_PRIVATE_IMAGE"));
  ActRun run = Act(TheLab(), {"prepull", "--yes", "--allow-private", "--auth-file", auth_file, reference});

  EXPECT_EQ(run.State(), "ACTION_STATE_DONE") << run.report.dump(2) << run.err;
  EXPECT_EQ(run.Plan()["needsCredentials"], true);
  EXPECT_EQ(Target(guarded.host() + "/team/app@" + image.digest()), image.digest());
  EXPECT_EQ(run.err.find("lab-secret"), std::string::npos);
}

TEST(PrePullOnNode, TellsWhenTheRegistryDoesNotHaveTheTag) {
  const std::string before = Names(TheLab());
  ActRun run = Act(TheLab(), {"prepull", "--yes", TheLab().upstream().host() + "/never/app:v1"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.Refusals(), ElementsAre("REFUSAL_KIND_ORIGIN_UNKNOWN"));
  EXPECT_EQ(Names(TheLab()), before);
}

}  // namespace
}  // namespace tagdrift::lab
