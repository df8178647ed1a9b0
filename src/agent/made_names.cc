#include "made_names.h"

#include <algorithm>
#include <utility>

#include "holders.h"

namespace tagdrift::agent {
namespace {

bool PointsTo(const node::ImageRecord& record, const image::Digest& digest) {
  return record.target_digest == digest.text();
}

/// True if a container holds the image, or may: somebody else pulled it too.
bool IsUsed(const Work& work) {
  if (!work.plan.image_id) return false;
  const auto holders = HoldersOf(*work.runtime().cri, *work.plan.image_id);
  return !holders.ok() || !holders->empty();
}

}  // namespace

absl::StatusOr<MadeNames> MadeNames::Before(const Work& work) {
  auto records = work.runtime().containerd->ListImages();
  if (!records.ok()) return records.status();
  std::set<std::string> names;
  for (node::ImageRecord& record : *records) names.insert(std::move(record.name));
  return MadeNames(std::move(names));
}

void MadeNames::TakeBack(const Work& work, report::ActionOutcome& outcome) const {
  const std::string digest_name = work.digest_name();
  if (auto probe = ReadName(work.runtime(), digest_name); !probe.ok()) {
    if (!before_.contains(digest_name)) outcome.left.push_back("perhaps the name " + digest_name);
    return;
  }
  auto records = work.runtime().containerd->ListImages();
  if (!records.ok()) {
    if (!before_.contains(digest_name)) outcome.left.push_back("perhaps the name " + digest_name);
    return;
  }
  if (IsUsed(work)) return;
  std::vector<std::string> made;
  bool others = false;
  bool newcomers = false;
  for (const node::ImageRecord& record : *records) {
    if (!PointsTo(record, *work.plan.to)) continue;
    const bool ours = record.name == digest_name || record.name == work.plan.image_id;
    if (ours && !before_.contains(record.name)) {
      made.push_back(record.name);
    } else {
      others = true;
      newcomers = newcomers || record.name == work.name() || !before_.contains(record.name);
    }
  }
  // Whoever came to use the content meanwhile has its names too.
  if (newcomers) return;
  if (others) std::erase(made, work.plan.image_id.value_or(""));
  for (const std::string& name : made) {
    const auto deleted = work.runtime().containerd_actions->DeleteName(name, *work.plan.to);
    if (deleted.ok()) {
      if (!*deleted) continue;
      outcome.undone.push_back("removed the name " + name);
      work.Audit("removed the name " + name + " that a failed action had made");
    } else {
      outcome.left.push_back("the name " + name);
    }
  }
}

}  // namespace tagdrift::agent
