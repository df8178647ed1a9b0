#include "tagdrift/kube/pod_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "kube/object.h"
#include "kube/workload.h"

namespace tagdrift::kube {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostContainers = 1'000;
constexpr std::size_t kMostValues = 1'000'000;
constexpr std::size_t kDeepest = 50;

/// All that is kept of the text, wherever it stands. Environment variables, volumes and status details are not.
constexpr std::array<std::string_view, 31> kKept = {"kind",
                                                    "type",
                                                    "object",
                                                    "code",
                                                    "resourceVersion",
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

/// Builds what is kept of a document. nlohmann's own filter takes a time that is quadratic in the length of lists.
class KeptValues : public nlohmann::json_sax<Json> {
 public:
  Json& root() { return root_; }
  bool too_much() const { return values_ > kMostValues || stack_.size() > kDeepest; }
  std::size_t error_position() const { return error_position_; }

  bool null() override { return Add(nullptr); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(number_integer_t value) override { return Add(value); }
  bool number_unsigned(number_unsigned_t value) override { return Add(value); }
  bool number_float(number_float_t value, const string_t&) override { return Add(value); }
  bool string(string_t& value) override { return Add(std::move(value)); }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return Open(Json::object()); }
  bool start_array(std::size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    error_position_ = position;
    return false;
  }

 private:
  bool IsDropped() const { return dropped_ > 0 || (!stack_.empty() && stack_.back()->is_object() && !IsKept(key_)); }

  Json& Place(Json value) {
    ++values_;
    if (stack_.empty()) return root_ = std::move(value);
    if (stack_.back()->is_array()) return stack_.back()->emplace_back(std::move(value));
    return (*stack_.back())[key_] = std::move(value);
  }

  bool Add(Json value) {
    if (!IsDropped()) Place(std::move(value));
    return !too_much();
  }

  bool Open(Json empty) {
    if (IsDropped()) {
      ++dropped_;
    } else {
      stack_.push_back(&Place(std::move(empty)));
    }
    return !too_much();
  }

  bool Close() {
    if (dropped_ > 0) {
      --dropped_;
    } else {
      stack_.pop_back();
    }
    return true;
  }

  Json root_;
  std::vector<Json*> stack_;  ///< what is open; each stays where it is until it is closed
  std::size_t dropped_ = 0;   ///< how many are open of what is not kept
  std::string key_;
  std::size_t values_ = 0;
  std::size_t error_position_ = 0;
};

absl::StatusOr<Json> ParseKept(std::string_view text) {
  KeptValues kept;
  if (Json::sax_parse(text.begin(), text.end(), &kept)) return std::move(kept.root());
  if (kept.too_much()) {
    return absl::ResourceExhaustedError(
        fmt::format("has more than {} values, or is nested deeper than {}", kMostValues, kDeepest));
  }
  const std::size_t position = kept.error_position();
  return absl::InvalidArgumentError(position > text.size() ? fmt::format("is cut off after {} bytes", text.size())
                                                           : fmt::format("is no JSON from byte {} on", position));
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
  PodList list{.pods = {},
               .next = document.Child("metadata").Text("continue"),
               .resource_version = document.Child("metadata").Text("resourceVersion")};
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

absl::StatusOr<PodEvent> ReadPodEvent(std::string_view json) {
  const absl::StatusOr<Json> parsed = ParseKept(json);
  if (!parsed.ok()) return parsed.status();
  absl::Status status;
  const Object document(*parsed, "", status);
  const std::string type = document.Text("type");
  const Object object = document.Child("object");
  if (type == "ERROR") return absl::AbortedError(fmt::format("it ended the watch ({})", object.Number("code")));
  PodEvent event{.resource_version = object.Child("metadata").Text("resourceVersion")};
  if (event.resource_version.empty()) object.Fail("'metadata.resourceVersion' is missing");
  if (type != "BOOKMARK") {
    event.kind = type == "DELETED" ? PodEvent::Kind::kGone : PodEvent::Kind::kChanged;
    absl::StatusOr<facts::Pod> pod = PodOf(object);
    if (status.ok() && !pod.ok()) return pod.status();
    if (pod.ok()) event.pod = *std::move(pod);
  }
  if (!status.ok()) return status;
  return event;
}

}  // namespace tagdrift::kube
