#include "serve/changes.h"

#include <map>
#include <string>
#include <utility>

#include "google/protobuf/util/message_differencer.h"

namespace tagdrift::serve {
namespace {

bool Same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

void DropTimes(v1::TagReport& tag) {
  for (v1::HostReport& host : *tag.mutable_hosts()) {
    host.clear_latency();
    host.clear_checked_at();
    if (host.has_first_answer()) host.mutable_first_answer()->clear_checked_at();
  }
}
void DropTimes(v1::ContainerReport&) {}
void DropTimes(v1::RegistryReport& registry) {
  for (v1::HostSummary& host : *registry.mutable_summary()) host.clear_slowest();
}

const std::string& KeyOf(const v1::TagReport& tag) { return tag.reference(); }
const std::string& KeyOf(const v1::ContainerReport& container) { return container.id(); }
const std::string& KeyOf(const v1::RegistryReport& registry) { return registry.registry(); }

template <class Value>
bool SaysTheSame(const Value& a, const Value& b) {
  if (a.ByteSizeLong() == b.ByteSizeLong() && Same(a, b)) return true;
  Value left = a;
  Value right = b;
  DropTimes(left);
  DropTimes(right);
  return Same(left, right);
}

template <class Value>
void Compare(const google::protobuf::RepeatedPtrField<Value>& before,
             const google::protobuf::RepeatedPtrField<Value>& now, google::protobuf::RepeatedPtrField<Value>& changed,
             google::protobuf::RepeatedPtrField<std::string>& gone) {
  std::map<std::string_view, const Value*> old;
  for (const Value& value : before) old.emplace(KeyOf(value), &value);
  for (const Value& value : now) {
    const auto found = old.find(KeyOf(value));
    if (found == old.end() || !SaysTheSame(*found->second, value)) *changed.Add() = value;
    if (found != old.end()) old.erase(found);
  }
  for (const auto& [key, value] : old) *gone.Add() = std::string(key);
}

bool SameFindings(const v1::NodeReport& a, const v1::NodeReport& b) {
  if (a.findings_size() != b.findings_size()) return false;
  for (int i = 0; i < a.findings_size(); ++i) {
    if (!Same(a.findings(i), b.findings(i))) return false;
  }
  return true;
}

}  // namespace

v1::ReportChanges ChangesBetween(const v1::NodeReport& before, const v1::NodeReport& now) {
  v1::ReportChanges changes;
  Compare(before.tags(), now.tags(), *changes.mutable_tags(), *changes.mutable_gone_tags());
  Compare(before.containers(), now.containers(), *changes.mutable_containers(), *changes.mutable_gone_containers());
  Compare(before.registries(), now.registries(), *changes.mutable_registries(), *changes.mutable_gone_registries());
  *changes.mutable_checked_at() = now.checked_at();
  *changes.mutable_findings() = now.findings();
  *changes.mutable_summary() = now.summary();
  *changes.mutable_runtime() = now.runtime();
  return changes;
}

std::optional<v1::ReportChanges> NewsBetween(const v1::NodeReport& before, const v1::NodeReport& now) {
  v1::ReportChanges changes = ChangesBetween(before, now);
  const int entries = changes.tags_size() + changes.containers_size() + changes.registries_size() +
                      changes.gone_tags_size() + changes.gone_containers_size() + changes.gone_registries_size();
  const bool differs = entries > 0 || before.node() != now.node() || !Same(before.summary(), now.summary()) ||
                       !Same(before.runtime(), now.runtime()) || !SameFindings(before, now);
  return differs ? std::optional(std::move(changes)) : std::nullopt;
}

}  // namespace tagdrift::serve
