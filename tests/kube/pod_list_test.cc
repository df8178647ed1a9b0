#include "tagdrift/kube/pod_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "kube/workload.h"

namespace tagdrift::kube {
namespace {

using facts::ContainerRole;
using facts::Controller;
using facts::Pod;
using facts::PodContainer;
using facts::PullPolicy;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Recorded(const std::string& file) {
  std::ifstream stream(std::string(TAGDRIFT_TEST_DATA) + "/" + file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

Pod PodNamed(const PodList& list, const std::string& name) {
  for (const Pod& pod : list.pods) {
    if (pod.name == name) return pod;
  }
  ADD_FAILURE() << "no pod " << name;
  return {};
}

std::string ErrorOf(const std::string& json) { return std::string(ReadPodList(json).status().message()); }

TEST(ReadPodList, ReadsTheStaticPodOfAKubelet) {
  const auto list = ReadPodList(Recorded("kubelet-1.20-containerd-1.6/kubelet-pods.json"));
  ASSERT_TRUE(list.ok()) << list.status();
  const std::string image = "registry.test/team/app:latest";
  EXPECT_THAT(list->pods,
              ElementsAre(Pod{.namespace_name = "shop",
                              .name = "web-node-a",
                              .uid = "bbda46081f62a17eb456a6ec07f9ca80",
                              .phase = "Running",
                              .containers = {{"app", ContainerRole::kMain, image, PullPolicy::kIfNotPresent},
                                             {"side", ContainerRole::kMain, image, PullPolicy::kAlways},
                                             {"init", ContainerRole::kInit, image, PullPolicy::kAlways}},
                              .config_source = "file"}));
  EXPECT_EQ(list->next, "");
  EXPECT_EQ(facts::UidOnNode(list->pods[0]), "bbda46081f62a17eb456a6ec07f9ca80");
}

TEST(ReadPodList, TellsInitSidecarAndEphemeralContainersApart) {
  const auto list = ReadPodList(Recorded("pods_of_api.json"));
  ASSERT_TRUE(list.ok()) << list.status();
  const Pod pod = PodNamed(*list, "web-5d9f7c6b8d-x2x9k");
  EXPECT_THAT(
      pod.containers,
      ElementsAre(PodContainer{"web", ContainerRole::kMain, "registry.corp/shop/web:v1", PullPolicy::kIfNotPresent},
                  PodContainer{"log", ContainerRole::kMain, "registry.corp/log", PullPolicy::kAlways},
                  PodContainer{"migrate", ContainerRole::kInit, "registry.corp/shop/web:v1", PullPolicy::kIfNotPresent},
                  PodContainer{"proxy", ContainerRole::kSidecar, "registry.corp/proxy:1", PullPolicy::kIfNotPresent},
                  PodContainer{"debugger-x7", ContainerRole::kEphemeral, "busybox", PullPolicy::kAlways}));
  EXPECT_THAT(pod.pull_secrets, ElementsAre("corp", "extra"));
}

TEST(ReadPodList, FollowsOwnersToWhatAPersonRestarts) {
  const auto list = ReadPodList(Recorded("pods_of_api.json"));
  ASSERT_TRUE(list.ok()) << list.status();
  const struct {
    const char* pod;
    std::optional<Controller> owner;
    std::optional<Controller> workload;
  } rows[] = {
      {"web-5d9f7c6b8d-x2x9k", Controller{"apps/v1", "ReplicaSet", "web-5d9f7c6b8d"},
       Controller{"apps/v1", "Deployment", "web"}},
      {"old-rs-1", Controller{"apps/v1", "ReplicaSet", "old-rs"}, Controller{"apps/v1", "ReplicaSet", "old-rs"}},
      {"pay-7f6d-zz1", Controller{"apps/v1", "ReplicaSet", "pay-7f6d"},
       Controller{"argoproj.io/v1alpha1", "Rollout", "pay"}},
      {"db-0", Controller{"apps/v1", "StatefulSet", "db"}, Controller{"apps/v1", "StatefulSet", "db"}},
      {"agent-k4hzt", Controller{"apps/v1", "DaemonSet", "agent"}, Controller{"apps/v1", "DaemonSet", "agent"}},
      {"report-29410560-7wq2p", Controller{"batch/v1", "Job", "report-29410560"},
       Controller{"batch/v1", "CronJob", "report"}},
      {"migrate-2-b9x4z", Controller{"batch/v1", "Job", "migrate-2"}, Controller{"batch/v1", "Job", "migrate-2"}},
      {"shell", std::nullopt, std::nullopt},
      {"kube-proxy-node-a", Controller{"v1", "Node", "node-a"}, std::nullopt},
  };
  EXPECT_EQ(list->pods.size(), std::size(rows));
  for (const auto& row : rows) {
    const Pod pod = PodNamed(*list, row.pod);
    EXPECT_EQ(pod.owner, row.owner) << row.pod;
    EXPECT_EQ(pod.workload, row.workload) << row.pod;
  }
}

TEST(WorkloadOf, AJobWithADateInItsNameIsNoCronJobs) {
  const auto workload_of = [](const std::string& job) {
    return WorkloadOf({"batch/v1", "Job", job}, {}).value_or(Controller()).kind;
  };
  EXPECT_EQ(workload_of("report-29410560"), "CronJob");
  EXPECT_EQ(workload_of("report-1764633600"), "CronJob");
  EXPECT_EQ(workload_of("migrate-20250115"), "Job");
  EXPECT_EQ(workload_of("backup-2025011503"), "Job");
}

TEST(ReadPodList, MirrorPodLeadsToTheUidThatContainersHave) {
  const auto list = ReadPodList(Recorded("pods_of_api.json"));
  ASSERT_TRUE(list.ok()) << list.status();
  const Pod pod = PodNamed(*list, "kube-proxy-node-a");
  EXPECT_EQ(pod.uid, "0a1b2c3d-api");
  EXPECT_EQ(facts::UidOnNode(pod), "bbda46081f62a17eb456a6ec07f9ca80");
  EXPECT_EQ(pod.config_source, "file");
}

TEST(ReadPodList, TellsTerminatingAndEndedPods) {
  const auto list = ReadPodList(Recorded("pods_of_api.json"));
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_TRUE(PodNamed(*list, "shell").terminating);
  EXPECT_FALSE(PodNamed(*list, "db-0").terminating);
  EXPECT_EQ(PodNamed(*list, "report-29410560-7wq2p").phase, "Succeeded");
  EXPECT_EQ(PodNamed(*list, "migrate-2-b9x4z").containers[0].pull_policy, PullPolicy::kNever);
}

TEST(ReadPodList, ReadsAFullNode) {
  nlohmann::json list = nlohmann::json::parse(Recorded("pods_of_api.json"));
  const nlohmann::json one = list["items"][0];
  while (list["items"].size() < 110) list["items"].push_back(one);
  list["metadata"]["continue"] = "abc==";
  const auto read = ReadPodList(list.dump());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->pods.size(), 110u);
  EXPECT_EQ(read->next, "abc==");
}

TEST(ReadPodList, SourceApiIsNoStaticPod) {
  const auto list = ReadPodList(R"({"kind":"PodList","items":[{"metadata":{"name":"a","uid":"u",
      "annotations":{"kubernetes.io/config.source":"api"}},"spec":{"containers":null}}]})");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->pods[0].config_source, "");
}

TEST(ReadPodList, SaysWhereItIsWrong) {
  EXPECT_EQ(ErrorOf("Forbidden"), "is no JSON from byte 1 on");
  EXPECT_EQ(ErrorOf(R"({"kind":"PodList","items":[{"meta)"), "is cut off after 33 bytes");
  EXPECT_EQ(ErrorOf("[]"), "is no object");
  EXPECT_EQ(ErrorOf(R"({"kind":"Status","message":"no"})"), "is no PodList");
  EXPECT_EQ(ErrorOf(R"({"kind":"PodList","items":7})"), "'items' is no list");
  EXPECT_EQ(ErrorOf(R"({"kind":"PodList","items":[{"metadata":{"name":"a","uid":"u"}},{}]})"),
            "items[1].metadata: 'name' is missing");
  EXPECT_EQ(ErrorOf(R"({"kind":"PodList","items":[{"metadata":{"name":"a","uid":"u"},
      "spec":{"containers":[{"name":"c","image":["x"]}]}}]})"),
            "items[0].spec.containers[0]: 'image' is no text");
}

TEST(ReadPodList, RefusesMoreThanAnyNodeHas) {
  std::string many = R"({"kind":"PodList","items":[{"metadata":{"name":"a","uid":"u"}})";
  for (int i = 0; i < 10'000; ++i) many += R"(,{"metadata":{"name":"a","uid":"u"}})";
  EXPECT_THAT(ErrorOf(many + "]}"), HasSubstr("more than 10000 pods"));
  std::string containers = R"({"name":"c"})";
  for (int i = 0; i < 1'000; ++i) containers += R"(,{"name":"c"})";
  EXPECT_THAT(
      ErrorOf(
          R"({"kind":"PodList","items":[{"metadata":{"name":"a","namespace":"n","uid":"u"},"spec":{"containers":[)" +
          containers + "]}}]}"),
      HasSubstr("pod n/a has more than 1000 containers"));
}

TEST(ReadPodList, HostileTextIsNoTrouble) {
  const std::string deep(100'000, '[');
  EXPECT_THAT(ErrorOf(R"({"kind":"PodList","spec":)" + deep), HasSubstr("nested deeper than 50"));
  EXPECT_THAT(ErrorOf(R"({"kind":"PodList","env":)" + deep), HasSubstr("is cut off"));
  std::string many = R"({"kind":"PodList","items":[0)";
  for (int i = 0; i < 1'000'000; ++i) many += ",0";
  EXPECT_THAT(ErrorOf(many + "]}"), HasSubstr("more than 1000000 values"));
}

}  // namespace
}  // namespace tagdrift::kube
