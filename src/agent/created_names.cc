#include "created_names.h"

#include <algorithm>
#include <utility>

#include "image_holders.h"

namespace tagdrift::agent {
namespace {

bool PointsTo(const node::ImageRecord& record, const image::Digest& digest) {
  return record.target_digest == digest.text();
}

/// True if a container holds the image: somebody else pulled it too.
absl::StatusOr<bool> IsUsed(const Execution& execution, const CallContext& context) {
  if (!execution.plan.image_id) return false;
  const auto holders = HoldersOf(*execution.runtime().cri, *execution.plan.image_id, context);
  if (!holders.ok()) return holders.status();
  return !holders->empty();
}

/// All names, while no other action works on the digest's.
absl::StatusOr<std::vector<node::ImageRecord>> RecordsUnderLock(const Execution& execution,
                                                                const CallContext& context) {
  if (auto probe = ReadName(execution.shared, execution.digest_name(), context); !probe.ok()) return probe.status();
  if (execution.digest_lock != nullptr) {
    if (absl::Status held = execution.digest_lock->StillHeld(context); !held.ok()) return held;
  }
  return execution.runtime().containerd->ListImages(context);
}

}  // namespace

absl::StatusOr<CreatedNames> CreatedNames::Before(const Execution& execution) {
  auto records = execution.runtime().containerd->ListImages(execution.context);
  if (!records.ok()) return records.status();
  std::set<std::string> names;
  for (node::ImageRecord& record : *records) names.insert(std::move(record.name));
  return CreatedNames(std::move(names));
}

void CreatedNames::TakeBack(const Execution& execution, report::ActionOutcome& outcome) const {
  const std::string digest_name = execution.digest_name();
  const CallContext context = execution.finishing.Undoing();
  // After a restart the CRI is up later than the store.
  (void)AskThroughARestart(execution.shared, context, [&] { return IsUsed(execution, context); });
  const auto records = RecordsUnderLock(execution, context);
  if (!records.ok()) {
    if (!before_.contains(digest_name)) outcome.left.push_back("perhaps the name " + digest_name);
    return;
  }
  const auto used = IsUsed(execution, context);
  if (used.ok() && *used) return;
  std::vector<std::string> created;
  bool others = false;
  bool newcomers = false;
  for (const node::ImageRecord& record : *records) {
    if (!PointsTo(record, *execution.plan.to)) continue;
    const bool ours = record.name == digest_name || record.name == execution.plan.image_id;
    if (ours && !before_.contains(record.name)) {
      created.push_back(record.name);
    } else {
      others = true;
      newcomers = newcomers || record.name == execution.name() || !before_.contains(record.name);
    }
  }
  // Whoever came to use the content meanwhile has its names too.
  if (newcomers) return;
  if (others) std::erase(created, execution.plan.image_id.value_or(""));
  for (const std::string& name : created) {
    if (!used.ok()) {
      outcome.left.push_back("the name " + name);
      continue;
    }
    AuditedChange change(execution.audit, "remove the name " + name + ", which this action has made");
    const auto deleted = execution.runtime().containerd_actions->DeleteName(name, *execution.plan.to, context);
    if (deleted.ok() && !*deleted) {
      change.End(report::AuditEvent::kFailed, "somebody else moved or removed it");
      continue;
    }
    change.End(deleted.status());
    (deleted.ok() ? outcome.undone : outcome.left).push_back((deleted.ok() ? "removed the name " : "the name ") + name);
  }
}

}  // namespace tagdrift::agent
