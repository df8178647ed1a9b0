#include "container_prose.h"
#include "enums.h"
#include "messages.h"

namespace tagdrift::report {
namespace {

v1::Pod PodMessage(const facts::Container& container, const facts::Pod* pod) {
  v1::Pod message;
  message.set_namespace_(container.pod_namespace);
  message.set_name(container.pod_name);
  message.set_uid(container.pod_uid);
  if (pod == nullptr) return message;
  const std::optional<facts::Controller>& owner = pod->workload ? pod->workload : pod->owner;
  if (owner) message.set_owner(owner->kind + "/" + owner->name);
  return message;
}

v1::Restart RestartMessage(const judge::ContainerResult& container, const JudgedTag* tag, const Round& round) {
  const judge::Restart& restart = container.restart;
  v1::Restart message;
  message.set_outcome(ToProto(restart.outcome));
  message.set_pulls(restart.pulls);
  if (restart.digest) message.set_digest(restart.digest->text());
  if (restart.image_id) message.set_image_id(restart.image_id->text());
  if (restart.host && tag != nullptr) {
    message.set_host(RouteOf(*tag, round).hosts[*restart.host]->Url());
  }
  message.set_same_image(restart.image_id && restart.image_id->text() == container.request.image_id);
  message.set_detail(RestartDetail(container, tag, round));
  return message;
}

void SetRequest(const judge::ContainerRequest& request, v1::ContainerReport& message) {
  message.set_requested_from(ToProto(request.source));
  if (request.references.size() == 1 && request.source != judge::RequestSource::kUnknown) {
    message.set_requested_reference(request.references.front().Canonical());
    return;
  }
  for (const image::Reference& reference : request.references) message.add_candidates(reference.Canonical());
}

}  // namespace

v1::ContainerReport ContainerMessage(const judge::ContainerResult& container, const Round& round,
                                     const JudgedTags& tags, const Invocation& invocation) {
  const judge::ContainerRequest& request = container.request;
  const facts::Container& facts = round.node.containers[request.container];
  const facts::Pod* pod = request.pod ? &round.node.pods.pods[*request.pod] : nullptr;
  const JudgedTag* tag = TagOf(container, tags);
  v1::ContainerReport message;
  message.set_id(facts.id);
  message.set_name(facts.name);
  *message.mutable_pod() = PodMessage(facts, pod);
  SetRequest(request, message);
  message.set_running_image_id(request.image_id);
  message.set_verdict(ToProto(container.verdict));
  message.set_cause(ToProto(container.cause));
  message.set_detail(ContainerDetail(container, tag, round));
  if (!request.references.empty()) {
    message.mutable_pull_policy()->set_value(PullPolicyText(container.pull_policy.value));
    message.mutable_pull_policy()->set_source(container.pull_policy.assumed ? "assumed" : "spec");
  }
  *message.mutable_restart() = RestartMessage(container, tag, round);
  message.set_decides(request.decides);
  if (request.spec) message.set_role(ToProto(pod->containers[*request.spec].role));
  message.set_state(facts.state);
  message.set_attempt(facts.attempt);
  message.set_pod_terminating(request.pod_terminating);
  message.set_superseded(request.superseded);
  if (facts.created_at) *message.mutable_created_at() = Timestamp(*facts.created_at);
  message.set_downgrade_risk(container.downgrade_risk);
  if (tag != nullptr && tag->result.cached_image_id) message.set_tag_image_id(tag->result.cached_image_id->text());
  for (const judge::Remedy& remedy : container.remedies) {
    const bool of_workload = remedy.kind == judge::RemedyKind::kRestartWorkload ||
                             remedy.kind == judge::RemedyKind::kPinDigest ||
                             remedy.kind == judge::RemedyKind::kSetPullPolicy;
    if (of_workload) {
      *message.add_remedies() = WorkloadRemedyMessage(remedy, container, tag, round);
    } else if (tag != nullptr) {
      *message.add_remedies() = RemedyMessage(remedy, *tag, round, invocation);
    } else {
      message.add_remedies()->set_kind(ToProto(remedy.kind));
    }
  }
  return message;
}

}  // namespace tagdrift::report
