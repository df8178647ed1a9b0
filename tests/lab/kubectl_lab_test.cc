// The commands that a report prints for workloads, pasted into a real kubectl.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "../registry/test_server.h"
#include "../report/rounds.h"
#include "lab_files.h"
#include "process.h"
#include "tagdrift/report/report.h"

namespace tagdrift::lab {
namespace {

using facts::ContainerRole;
using judge::RemedyKind;
using nlohmann::json;
using registry::Received;
using testing::SizeIs;

/// What kubectl restarts or sets images of.
struct Workload {
  const char* api_version;
  const char* kind;
  const char* collection;
  const char* resource;
  const char* pod_spec;  ///< where in the object
};

constexpr Workload kWorkloads[] = {
    {"apps/v1", "Deployment", "/apis/apps/v1", "deployments", "/spec/template/spec"},
    {"apps/v1", "StatefulSet", "/apis/apps/v1", "statefulsets", "/spec/template/spec"},
    {"apps/v1", "DaemonSet", "/apis/apps/v1", "daemonsets", "/spec/template/spec"},
    // The last version that kubectl 1.20 knows.
    {"batch/v1beta1", "CronJob", "/apis/batch/v1beta1", "cronjobs", "/spec/jobTemplate/spec/template/spec"},
    {"v1", "Pod", "/api/v1", "pods", "/spec"},
};
constexpr int kRestartable = 3;

std::string PathOf(const Received& request) { return request.target.substr(0, request.target.find('?')); }

json Group(const std::string& name, const std::string& version) {
  const json preferred = {{"groupVersion", name + "/" + version}, {"version", version}};
  return {{"name", name}, {"versions", json::array({preferred})}, {"preferredVersion", preferred}};
}

/// What a server of `kWorkloads` says of itself; null for another path.
json Discovery(const std::string& path) {
  if (path == "/api") return {{"kind", "APIVersions"}, {"versions", {"v1"}}};
  if (path == "/apis") {
    return {{"kind", "APIGroupList"},
            {"apiVersion", "v1"},
            {"groups", json::array({Group("apps", "v1"), Group("batch", "v1beta1")})}};
  }
  json list;
  for (const Workload& workload : kWorkloads) {
    if (path != workload.collection) continue;
    list["kind"] = "APIResourceList";
    list["groupVersion"] = workload.api_version;
    list["resources"].push_back({{"name", workload.resource},
                                 {"singularName", ""},
                                 {"namespaced", true},
                                 {"kind", workload.kind},
                                 {"verbs", {"get", "list", "patch", "delete"}}});
  }
  return list;
}

/// Any workload, of any name in any namespace; null for a path that names none.
json Object(const std::string& path, const std::string& container, ContainerRole role) {
  for (const Workload& workload : kWorkloads) {
    const std::string namespaces = std::string(workload.collection) + "/namespaces/";
    const std::size_t resource = path.find("/" + std::string(workload.resource) + "/");
    if (!path.starts_with(namespaces) || resource == std::string::npos) continue;
    json object = {{"apiVersion", workload.api_version},
                   {"kind", workload.kind},
                   {"metadata",
                    {{"namespace", path.substr(namespaces.size(), resource - namespaces.size())},
                     {"name", path.substr(path.rfind('/') + 1)}}}};
    json& spec = object[json::json_pointer(workload.pod_spec)];
    spec["containers"] = json::array({{{"name", "other"}, {"image", "registry.test/other:1"}}});
    spec[role == ContainerRole::kMain ? "containers" : "initContainers"].push_back(
        {{"name", container}, {"image", "registry.test/b:1"}, {"imagePullPolicy", "IfNotPresent"}});
    return object;
  }
  return nullptr;
}

/// Without what steers a merge, and without the time.
json Essence(json body) {
  if (!body.is_object()) return body;
  json essence = json::object();
  for (const auto& [key, value] : body.items()) {
    if (key.starts_with("$setElementOrder/")) continue;
    essence[key] = key == "kubectl.kubernetes.io/restartedAt" && value != "" ? json("now") : Essence(value);
  }
  return essence;
}

class Kubectl : public testing::Test {
 protected:
  void SetUp() override { UseAppOf("apps/v1", "Deployment"); }

  void UseAppOf(const std::string& api_version, const std::string& kind) {
    round_ = report::OldPod();
    report::ManageBy(api_version, kind == "Pod" ? "" : kind, round_);
  }

  facts::Container& container() { return round_.node.containers[0]; }
  ContainerRole& role() { return round_.node.pods.pods[0].containers[0].role; }

  std::string CommandOf(RemedyKind kind, facts::PullPolicy policy = facts::PullPolicy::kAlways) {
    judge::Remedy remedy;
    remedy.kind = kind;
    remedy.pull_policy = policy;
    round_.containers[0].remedies = {remedy};
    return Commands()[0];
  }

  /// Of all remedies, in their order; empty where one has none.
  std::vector<std::string> Commands() const {
    std::vector<std::string> commands;
    const v1::NodeReport report = report::ToMessage(round_);
    for (const v1::Remedy& remedy : report.containers(0).remedies()) commands.push_back(remedy.command());
    return commands;
  }

  /// Has a shell run `command`, which must succeed by one request that changes something, and answers that.
  Received Paste(const std::string& command) {
    const registry::TestServer server([&](const Received& request) { return Answer(request); });
    const std::string folder = LabRoot() + "/kubectl";
    const std::string address = "http://" + server.Authority();
    WriteFile(folder + "/config",
              json{{"apiVersion", "v1"},
                   {"kind", "Config"},
                   {"clusters", json::array({{{"name", "lab"}, {"cluster", {{"server", address}}}}})},
                   {"contexts", json::array({{{"name", "lab"}, {"context", {{"cluster", "lab"}}}}})},
                   {"current-context", "lab"}}
                  .dump());
    const Output output =
        RunCommand({"sh", "-c", command}, {.environment = {{"PATH", LabFile("kubectl/usr/bin") + ":/usr/bin:/bin"},
                                                           {"HOME", folder},
                                                           {"KUBECONFIG", folder + "/config"}}});
    EXPECT_EQ(output.exit_code, 0) << command << "\n" << output.out << output.err;
    std::vector<Received> changes = server.received();
    std::erase_if(changes, [](const Received& request) { return request.method == "GET"; });
    EXPECT_THAT(changes, SizeIs(1)) << command << "\n" << output.out << output.err;
    return changes.size() == 1 ? changes[0] : Received{.body = "null"};
  }

  static void ExpectPatch(const Received& request, const std::string& path, const json& body) {
    EXPECT_EQ(request.method, "PATCH");
    EXPECT_EQ(PathOf(request), path);
    const auto type = request.headers.find("content-type");
    ASSERT_NE(type, request.headers.end());
    EXPECT_EQ(type->second, "application/strategic-merge-patch+json");
    EXPECT_EQ(Essence(json::parse(request.body)), body);
  }

  static void ExpectDelete(const Received& request, const std::string& path) {
    EXPECT_EQ(request.method, "DELETE");
    EXPECT_EQ(PathOf(request), path);
    EXPECT_EQ(json::parse(request.body), json({{"propagationPolicy", "Background"}}));
  }

  static std::string PathIn(const Workload& workload) {
    return std::string(workload.collection) + "/namespaces/shop/" + workload.resource +
           (std::string(workload.kind) == "Pod" ? "/web-0" : "/web");
  }

  /// The patch that changes `field` of the container and nothing else.
  json PatchOf(const Workload& workload, const std::string& field, const std::string& value) {
    const std::string list = role() == ContainerRole::kMain ? "/containers" : "/initContainers";
    json patch;
    patch[json::json_pointer(workload.pod_spec + list)] = json::array({{{"name", container().name}, {field, value}}});
    return patch;
  }

  const std::string pinned_ = "registry.test/b@" + image::Digest::OfBytes("cached").text();

 private:
  registry::Scripted Answer(const Received& request) {
    const std::string path = PathOf(request);
    json body = Discovery(path);
    if (request.method == "DELETE") body = {{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Success"}};
    if (body.is_null()) body = Object(path, container().name, role());
    if (body.is_null()) return registry::ReplyStatus("404 Not Found\r\n");
    return registry::Reply200(request, "Content-Type: application/json\r\n", body.dump());
  }

  report::Round round_;
};

TEST_F(Kubectl, RestartsWhatRollsOut) {
  for (const Workload& workload : std::span(kWorkloads).first(kRestartable)) {
    SCOPED_TRACE(workload.kind);
    UseAppOf(workload.api_version, workload.kind);
    json body;
    body["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "now";
    ExpectPatch(Paste(CommandOf(RemedyKind::kRestartWorkload)), PathIn(workload), body);
  }
}

TEST_F(Kubectl, DeletesThePodThatItsControllerReplacesOrNothingManages) {
  const std::pair<const char*, const char*> managers[] = {
      {"apps/v1", "ReplicaSet"}, {"v1", "ReplicationController"}, {"", ""}};
  for (const auto& [api_version, kind] : managers) {
    SCOPED_TRACE(kind);
    UseAppOf(api_version, kind);
    ExpectDelete(Paste(CommandOf(RemedyKind::kRestartWorkload)), "/api/v1/namespaces/shop/pods/web-0");
  }
}

/// Each command of a pod is pasted in its turn: none takes away what a later one is about.
TEST_F(Kubectl, DeletesNoPodThatALaterCommandChanges) {
  UseAppOf("", "");
  std::vector<std::string> commands = Commands();
  std::erase(commands, "");
  ASSERT_THAT(commands, SizeIs(1));
  ExpectPatch(Paste(commands[0]), "/api/v1/namespaces/shop/pods/web-0", PatchOf(kWorkloads[4], "image", pinned_));
}

TEST_F(Kubectl, PinsTheImageOfTheOneContainer) {
  for (const Workload& workload : kWorkloads) {
    for (const ContainerRole with : {ContainerRole::kMain, ContainerRole::kInit, ContainerRole::kSidecar}) {
      SCOPED_TRACE(workload.kind + std::string(" ") + std::to_string(static_cast<int>(with)));
      UseAppOf(workload.api_version, workload.kind);
      role() = with;
      ExpectPatch(Paste(CommandOf(RemedyKind::kPinDigest)), PathIn(workload), PatchOf(workload, "image", pinned_));
    }
  }
}

TEST_F(Kubectl, SetsThePullPolicyOfTheOneContainer) {
  for (const Workload& workload : std::span(kWorkloads).first(kRestartable)) {
    for (const ContainerRole with : {ContainerRole::kMain, ContainerRole::kInit, ContainerRole::kSidecar}) {
      SCOPED_TRACE(workload.kind + std::string(" ") + std::to_string(static_cast<int>(with)));
      UseAppOf(workload.api_version, workload.kind);
      role() = with;
      ExpectPatch(Paste(CommandOf(RemedyKind::kSetPullPolicy)), PathIn(workload),
                  PatchOf(workload, "imagePullPolicy", "Always"));
    }
  }
  const Workload& deployment = kWorkloads[0];
  UseAppOf(deployment.api_version, deployment.kind);
  role() = ContainerRole::kMain;
  ExpectPatch(Paste(CommandOf(RemedyKind::kSetPullPolicy, facts::PullPolicy::kNever)), PathIn(deployment),
              PatchOf(deployment, "imagePullPolicy", "Never"));
}

TEST_F(Kubectl, IsGivenOddNamesAsTheyAre) {
  container().pod_namespace = "a;reboot";
  json restart;
  restart["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "now";
  ExpectPatch(Paste(CommandOf(RemedyKind::kRestartWorkload)), "/apis/apps/v1/namespaces/a;reboot/deployments/web",
              restart);

  UseAppOf("apps/v1", "Deployment");
  container().name = "x$(id) 'y'";
  ExpectPatch(Paste(CommandOf(RemedyKind::kPinDigest)), PathIn(kWorkloads[0]),
              PatchOf(kWorkloads[0], "image", pinned_));

  UseAppOf("", "");
  container().pod_name = "web 'a'";
  ExpectDelete(Paste(CommandOf(RemedyKind::kRestartWorkload)), "/api/v1/namespaces/shop/pods/web%20%27a%27");
}

/// Why no command holds such a name.
TEST_F(Kubectl, TakesAStarForEveryContainer) {
  const Received pin = Paste("kubectl -n shop set image deployment/web '*=" + pinned_ + "'");
  const json containers = json::parse(pin.body).at(json::json_pointer("/spec/template/spec/containers"));
  EXPECT_THAT(containers, SizeIs(2));
  for (const json& container : containers) EXPECT_EQ(container.at("image"), pinned_);
}

}  // namespace
}  // namespace tagdrift::lab

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return tagdrift::lab::AreUnpacked({"kubectl/usr/bin/kubectl"}) ? RUN_ALL_TESTS() : 0;
}
