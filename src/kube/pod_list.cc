#include "tagdrift/kube/pod_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "kube/object.h"
#include "kube/workload.h"

namespace tagdrift::kube {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostPods = 10'000;
constexpr std::size_t kMostContainers = 1'000;
constexpr std::size_t kMostValues = 2'000'000;  // of some 60 bytes each at most, where they are kept

/// All that is kept of the text, wherever it stands. Environment variables, volumes and status details are not.
constexpr std::array<std::string_view, 27> kKept = {"kind",
                                                    "metadata",
                                                    "continue",
                                                    "items",
                                                    "name",
                                                    "namespace",
                                                    "uid",
                                                    "deletionTimestamp",
                                                    "labels",
                                                    "pod-template-hash",
                                                    "rollouts-pod-template-hash",
                                                    "annotations",
                                                    "kubernetes.io/config.source",
                                                    "kubernetes.io/config.mirror",
                                                    "ownerReferences",
                                                    "apiVersion",
                                                    "controller",
                                                    "spec",
                                                    "containers",
                                                    "initContainers",
                                                    "ephemeralContainers",
                                                    "image",
                                                    "imagePullPolicy",
                                                    "restartPolicy",
                                                    "imagePullSecrets",
                                                    "status",
                                                    "phase"};

bool IsKept(const std::string& key) { return std::ranges::find(kKept, key) != kKept.end(); }

absl::StatusOr<Json> ParseKept(std::string_view text) {
  using Event = Json::parse_event_t;
  std::size_t values = 0;
  const auto keep = [&values](int, Event event, Json& parsed) {
    if (event == Event::key) return IsKept(parsed.get_ref<const std::string&>());
    return event == Event::object_end || event == Event::array_end || ++values <= kMostValues;
  };
  try {
    Json json = Json::parse(text.begin(), text.end(), keep);
    if (values > kMostValues) return absl::ResourceExhaustedError(fmt::format("has more than {} values", kMostValues));
    return json;
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(error.byte > text.size() ? fmt::format("is cut off after {} bytes", text.size())
                                                               : fmt::format("is no JSON from byte {} on", error.byte));
  } catch (const Json::exception&) {
    return absl::InvalidArgumentError("is no JSON");
  }
}

std::optional<facts::PullPolicy> PolicyOf(const std::string& text) {
  if (text == "Always") return facts::PullPolicy::kAlways;
  if (text == "IfNotPresent") return facts::PullPolicy::kIfNotPresent;
  if (text == "Never") return facts::PullPolicy::kNever;
  return std::nullopt;
}

void AddContainers(const Object& spec, const char* field, facts::ContainerRole role, facts::Pod& pod) {
  for (const Object& container : spec.List(field)) {
    facts::PodContainer& added =
        pod.containers.emplace_back(facts::PodContainer{.name = container.Text("name"),
                                                        .role = role,
                                                        .image = container.Text("image"),
                                                        .pull_policy = PolicyOf(container.Text("imagePullPolicy"))});
    if (added.name.empty()) container.Fail("'name' is missing");
    if (role == facts::ContainerRole::kInit && container.Text("restartPolicy") == "Always") {
      added.role = facts::ContainerRole::kSidecar;
    }
  }
}

void SetOwner(const Object& metadata, facts::Pod& pod) {
  const Object labels = metadata.Child("labels");
  for (const Object& reference : metadata.List("ownerReferences")) {
    if (!reference.Flag("controller")) continue;
    pod.owner = {reference.Text("apiVersion"), reference.Text("kind"), reference.Text("name")};
    pod.workload = WorkloadOf(*pod.owner, {.deployment = labels.Text("pod-template-hash"),
                                           .rollout = labels.Text("rollouts-pod-template-hash")});
    return;
  }
}

absl::StatusOr<facts::Pod> PodOf(const Object& item) {
  const Object metadata = item.Child("metadata");
  const Object annotations = metadata.Child("annotations");
  const Object spec = item.Child("spec");
  facts::Pod pod{.namespace_name = metadata.Text("namespace"),
                 .name = metadata.Text("name"),
                 .uid = metadata.Text("uid"),
                 .phase = item.Child("status").Text("phase"),
                 .terminating = metadata.Has("deletionTimestamp"),
                 .config_source = annotations.Text("kubernetes.io/config.source"),
                 .mirror_of = annotations.Text("kubernetes.io/config.mirror")};
  // The kubelet says so of all others.
  if (pod.config_source == "api") pod.config_source.clear();
  if (pod.name.empty()) metadata.Fail("'name' is missing");
  if (pod.uid.empty()) metadata.Fail("'uid' is missing");
  AddContainers(spec, "containers", facts::ContainerRole::kMain, pod);
  AddContainers(spec, "initContainers", facts::ContainerRole::kInit, pod);
  AddContainers(spec, "ephemeralContainers", facts::ContainerRole::kEphemeral, pod);
  if (pod.containers.size() > kMostContainers) {
    return absl::ResourceExhaustedError(
        fmt::format("pod {}/{} has more than {} containers", pod.namespace_name, pod.name, kMostContainers));
  }
  for (const Object& secret : spec.List("imagePullSecrets")) {
    // An entry without a name is allowed, and means nothing.
    if (std::string name = secret.Text("name"); !name.empty()) pod.pull_secrets.push_back(std::move(name));
  }
  SetOwner(metadata, pod);
  return pod;
}

}  // namespace

absl::StatusOr<PodList> ReadPodList(std::string_view json) {
  const absl::StatusOr<Json> parsed = ParseKept(json);
  if (!parsed.ok()) return parsed.status();
  absl::Status status;
  const Object document(*parsed, "", status);
  // The kubelet and the API server may leave the kind of what stands in a list out, but not that of the list.
  if (document.Text("kind") != "PodList") document.Fail("is no PodList");
  PodList list{.pods = {}, .next = document.Child("metadata").Text("continue")};
  const std::vector<Object> items = document.List("items");
  if (items.size() > kMostPods) return absl::ResourceExhaustedError(fmt::format("has more than {} pods", kMostPods));
  for (const Object& item : items) {
    absl::StatusOr<facts::Pod> pod = PodOf(item);
    if (!status.ok()) return status;
    if (!pod.ok()) return pod.status();
    list.pods.push_back(*std::move(pod));
  }
  if (!status.ok()) return status;
  return list;
}

}  // namespace tagdrift::kube
