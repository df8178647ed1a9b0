#include "tagdrift/report/report.h"

#include <set>
#include <string_view>

#include "enums.h"
#include "headline.h"
#include "messages.h"
#include "tagdrift/report/printable.h"

namespace tagdrift::report {

google::protobuf::Timestamp Timestamp(absl::Time time) {
  google::protobuf::Timestamp message;
  const std::int64_t nanoseconds = absl::ToUnixNanos(time);
  std::int64_t seconds = nanoseconds / 1'000'000'000;
  std::int64_t rest = nanoseconds % 1'000'000'000;
  if (rest < 0) {
    rest += 1'000'000'000;
    --seconds;
  }
  message.set_seconds(seconds);
  message.set_nanos(static_cast<std::int32_t>(rest));
  return message;
}

google::protobuf::Duration Duration(absl::Duration duration) {
  google::protobuf::Duration message;
  const std::int64_t milliseconds = absl::ToInt64Milliseconds(duration);
  message.set_seconds(milliseconds / 1000);
  message.set_nanos(static_cast<std::int32_t>(milliseconds % 1000) * 1'000'000);
  return message;
}

namespace {

/// Of a round about some of the node's tags, a pod that has no container to tell what it asked for is beside the point.
void AddEmptySandboxes(const Round& round, v1::NodeReport& message) {
  if (!round.pod && round.tags.size() < round.tags_on_node) return;
  std::set<std::string_view> with_container;
  for (const facts::Container& container : round.node.containers) with_container.insert(container.sandbox_id);
  for (const facts::Sandbox& sandbox : round.node.sandboxes) {
    if (with_container.contains(sandbox.id)) continue;
    v1::Sandbox& empty = *message.add_empty_sandboxes();
    empty.set_id(sandbox.id);
    empty.mutable_pod()->set_namespace_(sandbox.pod_namespace);
    empty.mutable_pod()->set_name(sandbox.pod_name);
    empty.mutable_pod()->set_uid(sandbox.pod_uid);
    empty.set_state(sandbox.state);
    empty.set_attempt(sandbox.attempt);
    if (sandbox.created_at) *empty.mutable_created_at() = Timestamp(*sandbox.created_at);
  }
}

}  // namespace

v1::NodeReport ToMessage(const Round& round, const Invocation& invocation) {
  v1::NodeReport message;
  message.set_node(round.node.name);
  *message.mutable_checked_at() = Timestamp(round.checked_at);
  v1::Runtime& runtime = *message.mutable_runtime();
  runtime.set_name(round.node.runtime.name);
  runtime.set_version(round.node.runtime.version);
  runtime.set_image_store(round.node.runtime.has_image_store);
  if (round.node.runtime.name == "containerd") runtime.set_pull_path(ToProto(round.settings.pull_path));
  for (const JudgedTag& tag : round.tags) {
    *message.add_tags() = TagMessage(tag, round, invocation);
  }
  const JudgedTags tags = TagsByReference(round);
  for (const judge::ContainerResult& container : round.containers) {
    *message.add_containers() = ContainerMessage(container, round, tags, invocation);
  }
  AddEmptySandboxes(round, message);
  for (const auto& [registry, route] : round.routes) *message.add_registries() = RegistryMessage(route, round);
  for (const hosts::Note& note : round.settings.notes) *message.add_findings() = NoteMessage(note);
  for (const std::string& note : round.node.notes) {
    *message.add_findings() = NoteMessage({hosts::NoteKind::kUnreadable, "", 0, note});
  }
  *message.mutable_summary() = Summarise(round, tags);
  if (round.pod) {
    message.mutable_explained_pod()->set_namespace_(round.pod->namespace_name);
    message.mutable_explained_pod()->set_name(round.pod->name);
  }
  MakePrintable(message);
  return message;
}

}  // namespace tagdrift::report
