#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rounds.h"
#include "tagdrift/report/report.h"

namespace tagdrift::report {
namespace {

using judge::Cause;
using judge::Outcome;
using judge::RemedyKind;
using judge::Verdict;
using testing::HasSubstr;
using testing::StartsWith;

v1::ContainerReport ReportOf(const Round& round) { return ToMessage(round).containers(0); }

TEST(ContainerMessage, SaysWhatThePodRunsAndWhatItsTagHas) {
  const v1::NodeReport report = ToMessage(OldPod());
  EXPECT_EQ(report.summary().headline(), "The one tag is fresh; 1 pod still runs another image");
  EXPECT_EQ(report.summary().containers_stale(), 1);
  EXPECT_TRUE(report.tags(0).used_by(0).runs_other_image());
  const v1::ContainerReport& container = report.containers(0);
  EXPECT_EQ(container.requested_reference(), "registry.test/b:1");
  EXPECT_EQ(container.running_image_id(), OldId().text());
  EXPECT_EQ(container.tag_image_id(), NewId().text());
  EXPECT_EQ(container.pull_policy().source(), "assumed");
  EXPECT_FALSE(container.restart().same_image());
  EXPECT_EQ(container.detail(), "runs image " + OldId().Short() + "; registry.test/b:1 has pointed to image " +
                                    NewId().Short() +
                                    " here since 2023-11-14 22:13:20Z, as at https://registry.test/v2");
  EXPECT_EQ(container.restart().detail(),
            "a restart starts image " + NewId().Short() + ", which is here, the origin's");
}

TEST(ContainerMessage, PrintsTheCommandThatRestartsEachKindOfWorkload) {
  struct Row {
    const char* api_version;
    const char* kind;
    const char* restart;
    const char* pin;
  };
  const std::string pinned = "app=registry.test/b@" + image::Digest::OfBytes("cached").text();
  const Row rows[] = {
      {"apps/v1", "Deployment", "kubectl -n shop rollout restart deployment/web", "deployment/web "},
      {"apps/v1", "DaemonSet", "kubectl -n shop rollout restart daemonset/web", "daemonset/web "},
      {"apps/v1", "StatefulSet", "kubectl -n shop rollout restart statefulset/web", "statefulset/web "},
      {"apps/v1", "ReplicaSet", "kubectl -n shop delete pod web-0", ""},
      {"v1", "ReplicationController", "kubectl -n shop delete pod web-0", ""},
      {"", "", "", "pod/web-0 "},
      {"batch/v1", "Job", "", ""},
      {"batch/v1", "CronJob", "", "cronjob/web "},
      {"argoproj.io/v1alpha1", "Rollout", "", ""},
      {"apps.kruise.io/v1", "Deployment", "", ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.api_version) + " " + row.kind);
    Round round = OldPod();
    ManageBy(row.api_version, row.kind, round);
    const v1::ContainerReport report = ReportOf(round);
    ASSERT_EQ(report.remedies_size(), 2);
    EXPECT_EQ(report.remedies(0).kind(), v1::REMEDY_KIND_RESTART_WORKLOAD);
    EXPECT_EQ(report.remedies(0).command(), row.restart);
    EXPECT_NE(report.remedies(0).detail(), "");
    const std::string pin = row.pin;
    EXPECT_EQ(report.remedies(1).command(), pin.empty() ? "" : "kubectl -n shop set image " + pin + pinned);
    EXPECT_NE(report.remedies(1).detail(), "");
  }
}

TEST(EmptySandboxes, OfPodsWithoutAnyContainerAreListed) {
  Round round = OldPod();
  round.node.containers[0].sandbox_id = "s1";
  round.node.sandboxes = {
      {.id = "s1", .pod_namespace = "shop", .pod_name = "web-0", .state = "ready"},
      {.id = "s2", .pod_namespace = "shop", .pod_name = "db-0", .state = "not ready", .attempt = 2}};
  const v1::NodeReport report = ToMessage(round);
  ASSERT_EQ(report.empty_sandboxes_size(), 1);
  EXPECT_EQ(report.empty_sandboxes(0).pod().name(), "db-0");
  EXPECT_EQ(report.empty_sandboxes(0).state(), "not ready");
  EXPECT_EQ(report.empty_sandboxes(0).attempt(), 2U);
  round.tags_on_node = round.tags.size() + 1;
  EXPECT_EQ(ToMessage(round).empty_sandboxes_size(), 0) << "of a round about other tags";
}

TEST(ContainerMessage, DeletesABarePodOnlyWhereNoCommandForItComesAfter) {
  Round round = OldPod();
  ManageBy("", "", round);
  EXPECT_THAT(ReportOf(round).remedies(0).detail(), HasSubstr("pinning its image, which comes next"));
  round.containers[0].remedies.resize(1);
  EXPECT_EQ(ReportOf(round).remedies(0).command(), "kubectl -n shop delete pod web-0");
}

TEST(ContainerMessage, GivesNoCommandForAStaticPodOrOneOfWhichNothingIsKnown) {
  Round round = OldPod();
  EXPECT_EQ(ReportOf(round).remedies(0).command(), "");
  EXPECT_THAT(ReportOf(round).remedies(0).detail(), HasSubstr("shop/web-0"));
  round.node.sandboxes = {{.id = "s1", .annotations = {{"kubernetes.io/config.source", "file"}}}};
  EXPECT_EQ(ReportOf(round).remedies(0).command(), "");
  EXPECT_THAT(ReportOf(round).remedies(0).detail(), HasSubstr("static pod"));
}

TEST(ContainerMessage, QuotesWhatIsPasted) {
  Round round = OldPod();
  ManageBy("apps/v1", "Deployment", round);
  round.node.containers[0].pod_namespace = "a;reboot";
  round.node.containers[0].name = "x$(id)";
  const v1::ContainerReport report = ReportOf(round);
  EXPECT_THAT(report.remedies(0).command(), StartsWith("kubectl -n 'a;reboot' "));
  EXPECT_THAT(report.remedies(1).command(), HasSubstr(" 'x$(id)=registry.test/b@sha256:"));
}

TEST(ContainerMessage, PatchesThePullPolicyOfOneContainer) {
  Round round = OldPod();
  ManageBy("apps/v1", "Deployment", round);
  round.containers[0].remedies.resize(1);
  round.containers[0].remedies[0].kind = RemedyKind::kSetPullPolicy;
  EXPECT_EQ(ReportOf(round).remedies(0).command(),
            "kubectl -n shop patch deployment/web -p "
            R"('{"spec":{"template":{"spec":{"containers":[{"name":"app","imagePullPolicy":"Always"}]}}}}')");
  round.node.containers[0].name = "a\"b";
  EXPECT_EQ(ReportOf(round).remedies(0).command(), "");
}

TEST(ContainerMessage, PatchesAnInitContainerWhereItStands) {
  Round round = OldPod();
  ManageBy("apps/v1", "Deployment", round);
  round.containers[0].remedies[0].kind = RemedyKind::kSetPullPolicy;
  for (const facts::ContainerRole role : {facts::ContainerRole::kInit, facts::ContainerRole::kSidecar}) {
    round.node.pods.pods[0].containers[0].role = role;
    EXPECT_THAT(ReportOf(round).remedies(0).command(), HasSubstr(R"({"initContainers":[{"name":"app",)"));
  }
}

TEST(ContainerMessage, GivesNoCommandForAnEphemeralContainerWhichNoTemplateHolds) {
  Round round = OldPod();
  round.containers[0].remedies[0].kind = RemedyKind::kSetPullPolicy;
  for (const std::string kind : {"Deployment", ""}) {
    ManageBy("apps/v1", kind, round);
    round.node.pods.pods[0].containers[0].role = facts::ContainerRole::kEphemeral;
    const v1::ContainerReport report = ReportOf(round);
    EXPECT_EQ(report.remedies(0).command(), "") << kind;
    EXPECT_EQ(report.remedies(1).command(), "") << kind;
  }
}

TEST(ContainerMessage, PrintsNothingThatKubectlReadsAsEveryPodOrEveryContainer) {
  Round round = OldPod();
  ManageBy("", "", round);
  round.node.containers[0].pod_name = "--all";
  EXPECT_EQ(ReportOf(round).remedies(0).command(), "");
  ManageBy("apps/v1", "Deployment", round);
  round.node.containers[0].pod_name = "web-0";
  for (const std::string name : {"*", "--all"}) {
    round.node.containers[0].name = name;
    EXPECT_EQ(ReportOf(round).remedies(1).command(), "") << name;
  }
}

TEST(ContainerMessage, NamesBothCandidates) {
  Round round = OldPod();
  judge::ContainerResult& container = round.containers[0];
  container.request.source = judge::RequestSource::kRecord;
  container.request.references.push_back(*image::Reference::Parse("registry.test/b:2"));
  container.verdict = Verdict::kUndecided;
  container.cause = Cause::kAmbiguousCache;
  container.remedies.clear();
  const v1::NodeReport report = ToMessage(round);
  EXPECT_EQ(report.containers(0).requested_reference(), "");
  ASSERT_EQ(report.containers(0).candidates_size(), 2);
  EXPECT_EQ(report.containers(0).detail(),
            "whether it asked for registry.test/b:1 or registry.test/b:2 is not known, and they differ: its pod's spec "
            "would tell");
  EXPECT_EQ(report.summary().headline(), "The one tag is fresh; 1 pod undecided");
}

TEST(ContainerMessage, SaysWhatARestartChanges) {
  struct Row {
    const char* name;
    bool pulls;
    Outcome outcome;
    bool same;
    bool older;
    const char* text;
  };
  const Row rows[] = {
      {"Always through a stale mirror", true, Outcome::kStale, true, false,
       "a rollout restart changes nothing: the pull"},
      {"a fresh one through a stale mirror", true, Outcome::kStale, false, true, "a restart would bring older code"},
      {"IfNotPresent on a stale cache", false, Outcome::kStale, true, false,
       "a restart here starts the same image; on a node without it, the new one"},
      {"a failing pull", true, Outcome::kFails, false, false, "it would not start again, the pull fails: no route"},
      {"an unknown pull", true, Outcome::kUndecided, false, false, "what a restart runs is not known: no route"},
  };
  for (const Row& row : rows) {
    Round round = OldPod();
    judge::ContainerResult& container = round.containers[0];
    if (row.older) round.tags[0].result.hosts[0].state = judge::HostState::kBehind;
    container.restart = {.outcome = row.outcome,
                         .pulls = row.pulls,
                         .digest = image::Digest::OfBytes("mirror"),
                         .image_id = row.same ? OldId() : NewId(),
                         .detail = "no route"};
    if (row.pulls) container.restart.host = 0;
    EXPECT_THAT(ReportOf(round).restart().detail(), StartsWith(row.text)) << row.name;
  }
}

/// The registry is down, the mirror answers: what it has is known, and not what the registry has.
TEST(ContainerMessage, SaysWhatARestartPullsThatCannotBeCompared) {
  Round round = OldPod();
  const image::Digest digest = image::Digest::OfBytes("mirror");
  round.tags[0].result.next_pull.pull = {Outcome::kUndecided, digest, 0, ""};
  judge::Restart& restart = round.containers[0].restart;
  restart = {.pulls = true, .digest = digest, .host = 0};
  const std::string text = "a restart brings " + digest.Short() +
                           " from https://mirror.test/v2, and nothing says how that compares with the origin's";
  EXPECT_EQ(ReportOf(round).restart().detail(), text);
  restart.detail = "the kubelet pulls it again: planted reason";
  EXPECT_EQ(ReportOf(round).restart().detail(), text + "; the kubelet pulls it again: planted reason");
  round.tags[0].result.next_pull.pull = {};
  restart = {.pulls = true};
  EXPECT_EQ(ReportOf(round).restart().detail(), "what a restart runs is not known");
}

TEST(Headline, CountsPodsNotContainersAndLeavesOutThoseOfTheirStaleTag) {
  Round round = OldPod();
  round.node.containers.push_back(round.node.containers[0]);
  round.containers.push_back(round.containers[0]);
  round.containers[1].request.container = 1;
  EXPECT_EQ(ToMessage(round).summary().headline(), "The one tag is fresh; 1 pod still runs another image");
  round.node.containers[1].pod_name = "web-1";
  EXPECT_EQ(ToMessage(round).summary().headline(), "The one tag is fresh; 2 pods still run other images");
  round.tags[0].result.verdict = Verdict::kStale;
  round.tags[0].result.cause = Cause::kTagMoved;
  EXPECT_EQ(ToMessage(round).summary().headline(), "1 of 1 tag is stale (1 in use): 1 moved upstream");
}

TEST(Headline, DoesNotCountWhatIsListedOnly) {
  Round round = OldPod();
  round.containers[0].request.decides = false;
  const v1::Summary summary = ToMessage(round).summary();
  EXPECT_EQ(summary.headline(), "The one tag is fresh");
  EXPECT_EQ(summary.containers_stale(), 0);
  EXPECT_EQ(summary.containers_listed(), 1);
}

}  // namespace
}  // namespace tagdrift::report
