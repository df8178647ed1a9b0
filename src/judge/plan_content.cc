#include "plan_content.h"

#include <fmt/format.h>

#include <algorithm>

#include "origin.h"
#include "tagdrift/image/sizes.h"

namespace tagdrift::judge {
namespace {

/// Unpacked layers take about twice the room of compressed ones, which stay beside them.
std::int64_t DiskBytes(const WantedImage& wanted) {
  return image::AddSizes(wanted.bytes_to_come, image::AddSizes(wanted.layer_bytes, wanted.layer_bytes));
}

/// No image takes that much; a manifest that says so is not believed, whatever the disk.
constexpr std::int64_t kMostBytes = std::int64_t{4} << 40;

std::string AnswerText(const hosts::Answer& answer) {
  if (answer.failure != hosts::Failure::kNone) return answer.failure_detail;
  return StatusText(answer);
}

std::string TriedText(const ActionFacts& facts, const WantedImage& wanted) {
  std::string text;
  for (const Delivery& delivery : wanted.deliveries) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", facts.route->hosts[delivery.host]->Url(),
                        delivery.has_it ? "has it" : AnswerText(delivery.answer));
  }
  return text.empty() ? "containerd has no host to ask" : text;
}

void CheckPlatform(const ActionFacts& facts, const WantedImage& wanted, Plan& plan) {
  if (!wanted.unreadable.empty()) return;
  const bool runs_here = wanted.manifest && (!wanted.platform || wanted.platform->os.empty() ||
                                             image::Rank(facts.platform, *wanted.platform));
  if (runs_here) return;
  const std::string offers =
      wanted.manifest ? "is for " + wanted.platform->Text() : "is an index without this platform";
  plan.refusals.push_back({RefusalKind::kWrongPlatform, fmt::format("{} {}; this node is {}", wanted.digest.Short(),
                                                                    offers, facts.platform.Text())});
}

void CheckDelivery(const ActionFacts& facts, const ActionOptions& options, const WantedImage& wanted, Plan& plan) {
  const auto delivery =
      std::find_if(wanted.deliveries.begin(), wanted.deliveries.end(), [](const Delivery& one) { return one.has_it; });
  if (delivery == wanted.deliveries.end() && wanted.incomplete.empty()) {
    plan.refusals.push_back(
        {RefusalKind::kNotOfRepository,
         fmt::format("{} is on this node, but nothing proves that it is of {}, and no host delivers it from there: {}",
                     wanted.digest.Short(), facts.reference.Name(), TriedText(facts, wanted))});
    return;
  }
  if (delivery == wanted.deliveries.end()) {
    const std::string why = wanted.unreadable.empty() ? "" : wanted.unreadable + "; ";
    plan.refusals.push_back({RefusalKind::kNotDeliverable,
                             fmt::format("{} is not complete on this node ({}) and no host delivers it: {}{}",
                                         wanted.digest.Short(), wanted.incomplete, why, TriedText(facts, wanted))});
    return;
  }
  plan.deliverer = delivery->host;
  plan.needs_credentials = delivery->answer.access == hosts::Access::kCredentials;
  if (!wanted.unreadable.empty()) {
    plan.refusals.push_back({RefusalKind::kNotDeliverable, wanted.unreadable});
    return;
  }
  if (!plan.needs_credentials || options.allow_private) return;
  plan.refusals.push_back(
      {RefusalKind::kPrivateImage,
       fmt::format("{} wants credentials for it, and every pod on this node could use what they bring; say "
                   "--allow-private if that is meant",
                   facts.route->hosts[delivery->host]->Url())});
}

void CheckDisk(const ActionFacts& facts, Plan& plan) {
  const Disk& disk = facts.disk;
  if (plan.disk_bytes > kMostBytes) {
    plan.refusals.push_back(
        {RefusalKind::kDiskTooFull,
         fmt::format("the manifest says that {} bytes arrive, which no image takes", plan.bytes_to_come)});
    return;
  }
  if (!disk.capacity || !disk.available || *disk.capacity <= 0) {
    plan.disk_note = disk.unknown.empty() ? "the image file system's size is not known" : disk.unknown;
    return;
  }
  const double used = static_cast<double>(*disk.capacity - *disk.available + plan.disk_bytes);
  const double percent = 100.0 * used / static_cast<double>(*disk.capacity);
  if (percent <= disk.threshold_percent) return;
  plan.refusals.push_back(
      {RefusalKind::kDiskTooFull,
       fmt::format(
           "{} would be {:.0f}% full with about {} bytes more (blobs and unpacked layers), above {}%, where the "
           "kubelet begins to remove images",
           disk.path, percent, plan.disk_bytes, disk.threshold_percent)});
}

}  // namespace

void PlanContent(const ActionFacts& facts, const ActionOptions& options, Plan& plan) {
  const WantedImage& wanted = *facts.wanted;
  plan.to = wanted.digest;
  if (wanted.config) plan.image_id = wanted.config->text();
  CheckPlatform(facts, wanted, plan);
  if (!HasToBePulled(facts, options)) return;
  plan.bytes_to_come = wanted.bytes_to_come;
  CheckDelivery(facts, options, wanted, plan);
  plan.disk_bytes = DiskBytes(wanted);
  CheckDisk(facts, plan);
}

void FinishPlan(const ActionOptions& options, Plan& plan) {
  if (options.force) {
    const auto forced = std::stable_partition(plan.refusals.begin(), plan.refusals.end(),
                                              [](const Refusal& refusal) { return !CanBeForced(refusal.kind); });
    plan.overridden.assign(forced, plan.refusals.end());
    plan.refusals.erase(forced, plan.refusals.end());
  }
  if (plan.nothing_to_do) plan.refusals.clear();
  if (plan.nothing_to_do || plan.Refused()) plan.steps.clear();
}

}  // namespace tagdrift::judge
