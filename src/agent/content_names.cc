#include "content_names.h"

#include <string>
#include <utility>

namespace tagdrift::agent {
namespace {

/// The CRI's mark of the images that it manages.
constexpr char kManagedLabel[] = "io.cri-containerd.image";
constexpr char kManaged[] = "managed";

/// True for a name of the content that a failed pull has left with another media type or size.
bool IsPoisoned(const node::ImageRecord& named, const node::ImageRecord& record) {
  return named.target_digest == record.target_digest &&
         (named.target_media_type != record.target_media_type || named.target_size != record.target_size);
}

absl::Status Create(const Execution& execution, node::ImageRecord record, const std::string& name) {
  record.name = name;
  record.labels = {{kManagedLabel, kManaged}};
  AuditedChange change(execution.audit, "create the name " + name + " for " + record.target_digest);
  const absl::Status created = execution.runtime().containerd_actions->CreateName(record, execution.context);
  change.End(created);
  // Somebody else's pull came first.
  return absl::IsAlreadyExists(created) ? absl::OkStatus() : created;
}

absl::Status Give(const Execution& execution, const node::ImageRecord& record, const std::string& name) {
  const auto named = execution.runtime().containerd->GetImage(name, execution.context);
  if (!named.ok()) return named.status();
  if (!*named) return Create(execution, record, name);
  if (!IsPoisoned(**named, record)) return absl::OkStatus();
  AuditedChange change(execution.audit, "put right the name " + name);
  absl::Status right = execution.runtime().containerd_actions->PointTo(name, record, execution.context);
  change.End(right);
  return right;
}

}  // namespace

absl::Status NameContent(const Execution& execution, const node::ImageRecord& record) {
  absl::Status given = Give(execution, record, execution.digest_name());
  if (!given.ok() || !execution.plan.image_id) return given;
  return Give(execution, record, *execution.plan.image_id);
}

}  // namespace tagdrift::agent
