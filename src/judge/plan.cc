#include "tagdrift/judge/plan.h"

namespace tagdrift::judge {

bool CanBeForced(RefusalKind kind) {
  switch (kind) {
    case RefusalKind::kInUse:
    case RefusalKind::kPinned:
    case RefusalKind::kSandboxImage:
    case RefusalKind::kProtected:
    case RefusalKind::kPullNotProven:
      return true;
    case RefusalKind::kNoImageStore:
    case RefusalKind::kByDigest:
    case RefusalKind::kNotCached:
    case RefusalKind::kLocal:
    case RefusalKind::kGone:
    case RefusalKind::kOriginUnknown:
    case RefusalKind::kGoingBack:
    case RefusalKind::kWrongPlatform:
    case RefusalKind::kNotDeliverable:
    case RefusalKind::kPrivateImage:
    case RefusalKind::kDiskTooFull:
    case RefusalKind::kBusy:
      return false;
  }
  return false;
}

std::optional<image::Digest> WantedDigest(const ActionFacts& facts, const ActionOptions& options) {
  if (options.to) return options.to;
  if (facts.reference.digest()) return facts.reference.digest();
  return facts.result.origin_digest;
}

}  // namespace tagdrift::judge
