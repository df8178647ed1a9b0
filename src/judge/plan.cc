#include "tagdrift/judge/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "plan_content.h"
#include "tagdrift/image/digest_prefix.h"

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
    case RefusalKind::kNoSuchDigest:
    case RefusalKind::kNotOfRepository:
    case RefusalKind::kNoAudit:
      return false;
  }
  return false;
}

absl::Status ReadTo(const std::string& text, ActionOptions& options) {
  auto digest = image::Digest::Parse(text);
  if (digest.ok()) {
    options.to = *std::move(digest);
  } else if (image::IsDigestPrefix(text)) {
    options.to_prefix = text;
  } else {
    return absl::InvalidArgumentError(fmt::format("'{}' is neither a digest nor the first {} or more digits of one",
                                                  text, image::kShortestDigestPrefix));
  }
  return absl::OkStatus();
}

std::vector<image::Digest> DigestsMeant(const ActionFacts& facts, const ActionOptions& options) {
  std::vector<image::Digest> meant;
  std::copy_if(facts.known_digests.begin(), facts.known_digests.end(), std::back_inserter(meant),
               [&](const image::Digest& digest) { return image::HasPrefix(digest, options.to_prefix); });
  return meant;
}

std::optional<image::Digest> WantedDigest(const ActionFacts& facts, const ActionOptions& options) {
  if (options.to) return options.to;
  if (!options.to_prefix.empty()) {
    const std::vector<image::Digest> meant = DigestsMeant(facts, options);
    return meant.size() == 1 ? std::optional(meant.front()) : std::nullopt;
  }
  if (facts.reference.digest()) return facts.reference.digest();
  return facts.result.origin_digest;
}

bool HasToBePulled(const ActionFacts& facts, const ActionOptions& options) {
  if (!facts.wanted) return false;
  if (!facts.wanted->incomplete.empty()) return true;
  const bool named = facts.wanted->digest == facts.result.origin_digest ||
                     (facts.cached && facts.wanted->digest == facts.cached->target);
  return options.names_digest() && !facts.wanted->is_of_repository && !named;
}

}  // namespace tagdrift::judge
