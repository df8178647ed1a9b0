#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "container_prose.h"
#include "enums.h"
#include "messages.h"
#include "tagdrift/text/text.h"

namespace tagdrift::report {
namespace {

/// How a pod comes to be started anew.
enum class Management {
  kRollout,   ///< what `kubectl rollout restart` knows
  kReplaced,  ///< its controller makes another pod in its place
  kBare,      ///< nothing does
  kStatic,    ///< the kubelet runs it from a file or a URL
  kJob,
  kCronJob,
  kForeign,  ///< a controller of which nothing is known
  kUnknown,  ///< no pod's spec
};

/// Only such names stand in a JSON text without being changed.
bool IsKubernetesName(const std::string& text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

/// Writes what is to be done to the workload of one container.
class WorkloadWriter {
 public:
  WorkloadWriter(const judge::Remedy& remedy, const judge::ContainerResult& container, const JudgedTag* tag,
                 const Round& round)
      : remedy_(remedy),
        container_(round.node.containers[container.request.container]),
        pod_(container.request.pod ? &round.node.pods.pods[*container.request.pod] : nullptr),
        tag_(tag),
        role_(container.request.spec ? pod_->containers[*container.request.spec].role : facts::ContainerRole::kMain) {
    if (pod_ != nullptr) controller_ = pod_->workload ? pod_->workload : pod_->owner;
    management_ = FindManagement(round);
    is_pinned_ = tag_ != nullptr && !Template().empty() && !IsMisread() &&
                 std::ranges::count(container.remedies, judge::RemedyKind::kPinDigest, &judge::Remedy::kind) > 0;
  }

  v1::Remedy Write() {
    message_.set_kind(ToProto(remedy_.kind));
    if (remedy_.kind == judge::RemedyKind::kRestartWorkload) Restart();
    if (remedy_.kind == judge::RemedyKind::kPinDigest && tag_ != nullptr) PinDigest();
    if (remedy_.kind == judge::RemedyKind::kSetPullPolicy) SetPullPolicy();
    return std::move(message_);
  }

 private:
  bool IsStatic(const Round& round) const {
    if (pod_ != nullptr &&
        (!pod_->mirror_of.empty() || pod_->config_source == "file" || pod_->config_source == "http")) {
      return true;
    }
    const auto sandbox = std::ranges::find(round.node.sandboxes, container_.sandbox_id, &facts::Sandbox::id);
    if (sandbox == round.node.sandboxes.end()) return false;
    const auto source = sandbox->annotations.find("kubernetes.io/config.source");
    return source != sandbox->annotations.end() && source->second != "api";
  }

  Management FindManagement(const Round& round) const {
    if (IsStatic(round)) return Management::kStatic;
    if (pod_ == nullptr) return Management::kUnknown;
    if (!controller_) return Management::kBare;
    const std::string& kind = controller_->kind;
    if (controller_->api_version.starts_with("apps/")) {
      if (kind == "Deployment" || kind == "DaemonSet" || kind == "StatefulSet") return Management::kRollout;
      if (kind == "ReplicaSet") return Management::kReplaced;
    }
    if (controller_->api_version == "v1" && kind == "ReplicationController") return Management::kReplaced;
    if (controller_->api_version.starts_with("batch/")) {
      if (kind == "Job") return Management::kJob;
      if (kind == "CronJob") return Management::kCronJob;
    }
    return Management::kForeign;
  }

  std::string Workload() const { return text::Lower(controller_->kind) + "/" + controller_->name; }
  std::string PodText() const { return container_.pod_namespace + "/" + container_.pod_name; }

  /// kubectl would take such a name for an option, or for all there are. None that Kubernetes accepts is like that.
  static bool IsMisread(const std::string& name) { return name.starts_with('-') || name == "*"; }

  bool IsMisread() const { return IsMisread(container_.pod_name) || IsMisread(container_.name); }

  void SetCommand(std::vector<std::string> arguments) {
    if (IsMisread()) return;
    std::vector<std::string> all = {"kubectl", "-n", container_.pod_namespace};
    all.insert(all.end(), arguments.begin(), arguments.end());
    message_.set_command(CommandLine(all));
  }

  void Restart() {
    switch (management_) {
      case Management::kRollout:
        message_.set_detail(fmt::format("start the pods of {} anew ({})", Workload(),
                                        controller_->kind == "Deployment"
                                            ? "one that is paused has to be resumed first"
                                            : "with updateStrategy OnDelete, delete its pods after that"));
        return SetCommand({"rollout", "restart", Workload()});
      case Management::kReplaced:
        message_.set_detail(fmt::format("{} makes another pod in its place", Workload()));
        return SetCommand({"delete", "pod", container_.pod_name});
      case Management::kBare:
        // Once deleted, there would be no pod to pin.
        if (is_pinned_) {
          return message_.set_detail(
              "pinning its image, which comes next, starts the container anew in its place (nothing makes this pod "
              "anew once it is deleted)");
        }
        message_.set_detail("nothing makes this pod anew: create it again from its manifest once it is gone");
        return SetCommand({"delete", "pod", container_.pod_name});
      case Management::kStatic:
        return message_.set_detail(
            "the kubelet runs this static pod from a file on the node: move that file away and, once the pod is gone, "
            "back (deleting the pod restarts nothing)");
      case Management::kJob:
        return message_.set_detail(
            fmt::format("pods of {} are not restarted: delete and create the Job again where it cannot run to its end",
                        Workload()));
      case Management::kCronJob:
        return message_.set_detail(
            fmt::format("the next run of {} starts the new image; this one is not restarted", Workload()));
      case Management::kForeign:
        return message_.set_detail(fmt::format("{} {} ({}) manages the pod: restart it by that controller's own means",
                                               controller_->kind, controller_->name, controller_->api_version));
      case Management::kUnknown:
        return message_.set_detail(
            fmt::format("restart what manages pod {}: which that is, only the pod's spec tells", PodText()));
    }
  }

  /// What `kubectl set image` takes; empty where the pod's template cannot be changed so.
  std::string Template() const {
    if (role_ == facts::ContainerRole::kEphemeral) return "";
    switch (management_) {
      case Management::kRollout:
      case Management::kCronJob:
        return Workload();
      case Management::kBare:
        return "pod/" + container_.pod_name;
      case Management::kReplaced:
      case Management::kStatic:
      case Management::kJob:
      case Management::kForeign:
      case Management::kUnknown:
        break;
    }
    return "";
  }

  void PinDigest() {
    const image::Reference& reference = tag_->facts.image.reference;
    const std::string pinned = reference.At(*tag_->result.origin_digest).Canonical();
    const std::string what = Template();
    message_.set_detail(
        what.empty() ? fmt::format("to make it last, write {} instead of the tag where the pod comes from", pinned)
                     : "to make it last, name the origin's digest instead of the tag");
    if (!what.empty()) SetCommand({"set", "image", what, container_.name + "=" + pinned});
  }

  void SetPullPolicy() {
    const std::string policy = PullPolicyText(remedy_.pull_policy);
    message_.set_detail(
        remedy_.pull_policy == facts::PullPolicy::kAlways
            ? "imagePullPolicy Always has the registry asked at every start, on every node"
            : fmt::format("imagePullPolicy {} lets the kubelet pull the image that is not here", policy));
    if (management_ != Management::kRollout || role_ == facts::ContainerRole::kEphemeral) return;
    if (!IsKubernetesName(container_.name)) return;
    const char* list = role_ == facts::ContainerRole::kMain ? "containers" : "initContainers";
    SetCommand({"patch", Workload(), "-p",
                fmt::format(R"({{"spec":{{"template":{{"spec":{{"{}":[{{"name":"{}","imagePullPolicy":"{}"}}]}}}}}}}})",
                            list, container_.name, policy)});
  }

  const judge::Remedy& remedy_;
  const facts::Container& container_;
  const facts::Pod* pod_;
  const JudgedTag* tag_;
  facts::ContainerRole role_;
  std::optional<facts::Controller> controller_;
  Management management_ = Management::kUnknown;
  bool is_pinned_ = false;  ///< by a command that comes after the restart
  v1::Remedy message_;
};

}  // namespace

v1::Remedy WorkloadRemedyMessage(const judge::Remedy& remedy, const judge::ContainerResult& container,
                                 const JudgedTag* tag, const Round& round) {
  return WorkloadWriter(remedy, container, tag, round).Write();
}

}  // namespace tagdrift::report
