#include "origin.h"

#include <fmt/format.h>

namespace tagdrift::judge {
namespace {

HostState RefusalOf(hosts::Failure failure) {
  switch (failure) {
    case hosts::Failure::kName:
    case hosts::Failure::kConnect:
    case hosts::Failure::kTls:
    case hosts::Failure::kTimeout:
    case hosts::Failure::kClosed:
    case hosts::Failure::kDeadline:
    case hosts::Failure::kUnusable:
      return HostState::kUnreachable;
    case hosts::Failure::kBudget:
      return HostState::kRateLimited;
    case hosts::Failure::kToken:
    case hosts::Failure::kRefusedRealm:
      return HostState::kDenied;
    case hosts::Failure::kNone:
    case hosts::Failure::kRedirectLoop:
    case hosts::Failure::kRefusedRedirect:
      return HostState::kBadAnswer;
  }
  return HostState::kBadAnswer;
}

TagAnswer Refused(HostState state, std::string reason) {
  TagAnswer result;
  result.refusal = state;
  result.reason = std::move(reason);
  return result;
}

TagAnswer ReadStatus(const hosts::Answer& answer) {
  const std::string status = StatusText(answer);
  if (answer.status == 401 || answer.status == 403) return Refused(HostState::kDenied, "answered " + status);
  if (answer.status == 404) return Refused(HostState::kMissing, "answered " + status);
  if (answer.status == 429) return Refused(HostState::kRateLimited, "answered " + status);
  return Refused(HostState::kBadAnswer, "answered " + status);
}

TagAnswer ReadDigest(const hosts::Answer& answer) {
  TagAnswer result;
  result.media_type = answer.content_type;
  if (answer.get_failed) return Refused(HostState::kUnreachable, answer.failure_detail);
  if (answer.too_large) return Refused(HostState::kBadAnswer, "answered with a manifest above containerd's size limit");
  if (answer.get && answer.get->status != 200) {
    return Refused(HostState::kBadAnswer,
                   fmt::format("answered {} to GET after {} to HEAD", answer.get->status, answer.status));
  }
  if (answer.digest_header) {
    const auto digest = image::Digest::Parse(*answer.digest_header);
    if (!digest.ok()) return Refused(HostState::kBadAnswer, "answered with a malformed digest header");
    result.digest = *digest;
  }
  if (answer.get) {
    if (!answer.get->content_type.empty()) result.media_type = answer.get->content_type;
    if (result.digest && *result.digest != answer.get->digest && result.digest->algorithm() == "sha256") {
      return Refused(HostState::kBadAnswer,
                     fmt::format("named {} but sent {}", result.digest->Short(), answer.get->digest.Short()));
    }
    if (!result.digest) result.digest = answer.get->digest;
  }
  if (!result.digest) return Refused(HostState::kBadAnswer, "answered without a digest");
  if (!image::IsManifestOrIndex(result.media_type)) {
    return Refused(HostState::kBadAnswer,
                   fmt::format("answered with content type '{}', which is no manifest", result.media_type));
  }
  return result;
}

/// The contract of GONE: the registry itself says so, the repository can be read, and the content came from there.
OriginView JudgeNotFound(FactLookup& lookup, const hosts::Answer& answer, const TagAnswer& read) {
  OriginView view;
  view.cause = Cause::kBadAnswer;
  view.reason = read.reason;
  const bool says_so = answer.error_code == "MANIFEST_UNKNOWN" || answer.error_code == "NAME_UNKNOWN";
  if (!lookup.tag().second_look || !says_so) return view;
  // Nothing was deleted that was never here: a good answer, to a name that may be misspelt.
  if (!lookup.tag().image.IsCached()) {
    view.cause = Cause::kNotCached;
    return view;
  }
  if (lookup.tag().image.provenance != facts::Provenance::kThisRepository) return view;
  if (answer.access == hosts::Access::kOpen) {
    view.gone = true;
    return view;
  }
  view.cause = Cause::kUnauthorized;
  view.reason = read.reason + ", and nothing proves that the repository can be read";
  if (!lookup.tag().image.target) return view;
  const hosts::Answer* known = lookup.AnswerTo(
      {*lookup.route().origin, QueryKind::kDigest, *lookup.tag().image.target, lookup.tag().image.media_type});
  if (known == nullptr) {
    view.pending = true;
  } else if (known->failure == hosts::Failure::kNone && known->status == 200) {
    view.gone = true;
  }
  return view;
}

Cause CauseOf(HostState refusal) {
  switch (refusal) {
    case HostState::kDenied:
      return Cause::kUnauthorized;
    case HostState::kRateLimited:
      return Cause::kRateLimited;
    case HostState::kUnreachable:
      return Cause::kOriginUnreachable;
    case HostState::kInSync:
    case HostState::kEquivalent:
    case HostState::kBehind:
    case HostState::kDifferent:
    case HostState::kMissing:
    case HostState::kBroken:
    case HostState::kBadAnswer:
    case HostState::kNotAsked:
    case HostState::kUndecided:
      return Cause::kBadAnswer;
  }
  return Cause::kBadAnswer;
}

}  // namespace

std::string StatusText(const hosts::Answer& answer) {
  return answer.error_code.empty() ? std::to_string(answer.status)
                                   : fmt::format("{} {}", answer.status, answer.error_code);
}

TagAnswer ReadTagAnswer(const hosts::Answer& answer) {
  if (answer.failure != hosts::Failure::kNone && !answer.get_failed) {
    const bool denied = answer.access == hosts::Access::kDenied;
    return Refused(denied ? HostState::kDenied : RefusalOf(answer.failure), answer.failure_detail);
  }
  if (answer.status < 200 || answer.status > 299) return ReadStatus(answer);
  return ReadDigest(answer);
}

OriginView JudgeOrigin(FactLookup& lookup) {
  OriginView view;
  const hosts::Answer* answer = lookup.AnswerTo({*lookup.route().origin, QueryKind::kTag, std::nullopt, ""});
  if (answer == nullptr) {
    view.pending = true;
    return view;
  }
  TagAnswer read = ReadTagAnswer(*answer);
  if (!read.digest && read.refusal == HostState::kMissing) return JudgeNotFound(lookup, *answer, read);
  view.digest = std::move(read.digest);
  view.media_type = std::move(read.media_type);
  if (!view.digest) {
    view.cause = CauseOf(read.refusal);
    view.reason = std::move(read.reason);
  }
  return view;
}

}  // namespace tagdrift::judge
