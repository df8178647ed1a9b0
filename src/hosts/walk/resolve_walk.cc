#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "hosts/go/go_text.h"
#include "hosts/walk/answer_use.h"
#include "hosts/walk/resolve_error.h"
#include "tagdrift/hosts/walk.h"
#include "tagdrift/text/text.h"

namespace tagdrift::hosts {
namespace {

// containerd's constant: 4 x 1048 x 1048, meant to be 4 MiB.
constexpr std::int64_t kManifestLimit = 4393216;

using End = std::variant<Needs, Resolved, Fails, Undecided>;

bool IsAtLeast(const ContainerdVersion& version, int major, int minor, int patch = 0) {
  return version >= ContainerdVersion{major, minor, patch};
}

using Level = ResolveError::Level;

// What a successful answer says of the content.
struct Content {
  std::string media_type;
  std::optional<std::int64_t> size;     // nothing: beyond every limit
  std::optional<image::Digest> digest;  // nothing: not known, or not looked at
  int status = 0;
};

bool IsSchema1(std::string_view media_type) {
  return media_type == "application/vnd.docker.distribution.manifest.v1+prettyjws" || media_type == "text/plain";
}

class ResolveWalk {
 public:
  ResolveWalk(const RegistryConfig& config, ContainerdVersion version, Puller puller, const std::string& reference,
              std::optional<image::Digest> digest)
      : config_(config),
        version_(version),
        puller_(puller),
        reference_(reference),
        needs_resolve_(!digest),
        digest_(std::move(digest)),
        error_(version) {}

  Resolution Run(const AnswerOf& manifest_answer, const AnswerOf* blob_answer) {
    if (config_.unknown) return Ending(Undecided{0, *config_.unknown});
    if (config_.error) return Ending(Failing(*config_.error));
    if (std::none_of(config_.hosts.begin(), config_.hosts.end(),
                     [this](const RegistryHost& host) { return IsEligible(host); })) {
      for (std::size_t host = 0; host < config_.hosts.size(); ++host) Step(host, WalkReason::kNoCapability);
      return Ending(Failing("no resolve hosts: not found"));
    }
    std::optional<End> end = RunEndpoint(Endpoint::kManifests, manifest_answer);
    if (!end && blob_answer != nullptr && TriesBlobs()) end = RunEndpoint(Endpoint::kBlobs, *blob_answer);
    return Ending(end ? *std::move(end) : Failing(error_.Text(reference_)));
  }

 private:
  bool IsEligible(const RegistryHost& host) const {
    return host.capabilities.Has(Capability::kPull) && (!needs_resolve_ || host.capabilities.Has(Capability::kResolve));
  }

  // Which releases leave blobs/ alone after an error status (containerd issue 13007).
  bool TriesBlobs() const {
    const bool limited =
        IsAtLeast(version_, 2, 3) || (version_.major == 2 && ((version_.minor == 2 && version_.patch >= 6) ||
                                                              (version_.minor == 1 && version_.patch >= 10) ||
                                                              (version_.minor == 0 && version_.patch >= 11)));
    return !limited || error_.level() != Level::kStatus;
  }

  std::optional<End> RunEndpoint(Endpoint endpoint, const AnswerOf& answer_of) {
    endpoint_ = endpoint;
    for (std::size_t host = 0; host < config_.hosts.size(); ++host) {
      if (!IsEligible(config_.hosts[host])) {
        Step(host, WalkReason::kNoCapability);
        continue;
      }
      const Answer* answer = answer_of(host);
      if (answer == nullptr) return Needs{host, endpoint};
      if (std::optional<End> end = Evaluate(host, *answer)) return end;
    }
    return std::nullopt;
  }

  // Looks at one host's answer. Nothing: the next host is asked.
  std::optional<End> Evaluate(std::size_t host, const Answer& answer) {
    if (const std::optional<std::string> refusal = OwnRefusal(answer.failure)) {
      return EndUndecided(host, WalkReason::kNotConcluded, answer.status, *refusal);
    }
    switch (UseOf(answer, puller_)) {
      case AnswerUse::kUnknown:
        return EndUndecided(host, WalkReason::kDenied, answer.status,
                            "refuses access to tagdrift; the kubelet may have it");
      case AnswerUse::kRefused:
        return EvaluateStatus(host, RefusalStatus(answer));
      case AnswerUse::kCounts:
        break;
    }
    const bool by_get = answer.status == 405 && endpoint_ == Endpoint::kManifests;
    const bool unanswered = answer.failure != Failure::kNone && (!answer.get_failed || by_get);
    if (unanswered)
      return NextHost(host, WalkReason::kTransport, 0, Level::kTransport, FailureText(answer, "Head", Url(host)));
    if (by_get && (answer.get || answer.too_large)) return EvaluateGet(host, answer);
    if (IsError(answer.status)) return EvaluateStatus(host, answer.status);
    return EvaluateSuccess(host, answer);
  }

  std::optional<End> EvaluateStatus(std::size_t host, int status) {
    if (status == 404) return NextHost(host, WalkReason::kNotFound, status, Level::kNotFound, {});
    if (IsRedirect(status)) return EndFailing(host, WalkReason::kRedirect, status, StatusError(host, status, "HEAD"));
    return NextHost(host, WalkReason::kStatus, status, Level::kStatus, StatusError(host, status, "HEAD"));
  }

  // A HEAD answered 405 is sent again as GET: that answer then counts as the HEAD's.
  std::optional<End> EvaluateGet(std::size_t host, const Answer& answer) {
    if (answer.too_large) return TakeContent(host, {answer.content_type, std::nullopt, std::nullopt, 200});
    if (IsError(answer.get->status)) return EvaluateStatus(host, answer.get->status);
    return TakeContent(host, {answer.get->content_type, answer.get->size, answer.get->digest, answer.get->status});
  }

  std::optional<End> EvaluateSuccess(std::size_t host, const Answer& answer) {
    const std::string header = answer.digest_header.value_or("");
    // A digest that is settled already (asked by, or left by a manifest that was too large) is not read again.
    if (answer.content_length && (digest_ || lost_digest_)) {
      return TakeContent(host, {answer.content_type, answer.content_length, std::nullopt, answer.status});
    }
    if (!answer.content_length || header.empty()) return EvaluateFollowUp(host, answer);
    absl::StatusOr<image::Digest> digest = image::Digest::Parse(header);
    if (!digest.ok()) {
      return EndFailing(host, WalkReason::kInvalidDigest, answer.status,
                        GoQuoted(header) + " in header not a valid digest: " + text::MessageOf(digest.status()));
    }
    return TakeContent(host, {answer.content_type, answer.content_length, *std::move(digest), answer.status});
  }

  // The GET after a HEAD that did not name digest and length.
  std::optional<End> EvaluateFollowUp(std::size_t host, const Answer& answer) {
    if (answer.get_failed) {
      return EndFailing(host, WalkReason::kFollowUpFailed, answer.status, FailureText(answer, "Get", Url(host)));
    }
    if (answer.too_large) return TakeContent(host, {answer.content_type, std::nullopt, std::nullopt, answer.status});
    if (!answer.get)
      return EndUndecided(host, WalkReason::kNotConcluded, answer.status, "was not asked for the manifest itself");
    const GetAnswer& get = *answer.get;
    if (IsError(get.status) && IsAtLeast(version_, 2, 3)) {
      return EndFailing(host, WalkReason::kFollowUpFailed, get.status, StatusError(host, get.status, "GET"));
    }
    return TakeContent(host, {get.content_type, get.size, get.digest, get.status});
  }

  // Takes the content, unless it is too large or of a kind that containerd does not take as it is.
  std::optional<End> TakeContent(std::size_t host, Content content) {
    if (!digest_ && !lost_digest_) {
      digest_ = content.digest;
      lost_digest_ = !digest_;
    }
    if (!content.size || *content.size > kManifestLimit) {
      const std::string size = content.size ? std::to_string(*content.size) : "too large a";
      return NextHost(
          host, WalkReason::kTooLarge, content.status, Level::kTooLarge,
          "rejecting " + size + (content.size ? " byte" : "") + " manifest for " + reference_ + ": not found");
    }
    if (IsSchema1(content.media_type)) return EvaluateSchema1(host, content.status);
    if (lost_digest_) {
      return EndFailing(
          host, WalkReason::kWrongContent, content.status,
          "the digest is that of the manifest rejected before, which no host serves in the size of this one");
    }
    Step(host, WalkReason::kAccepted, content.status);
    return Resolved{.host = host,
                    .digest = *digest_,
                    .media_type = std::move(content.media_type),
                    .is_error_page = IsError(content.status),
                    .size = *content.size};
  }

  std::optional<End> EvaluateSchema1(std::size_t host, int status) {
    if (IsAtLeast(version_, 2, 1)) {
      return EndFailing(
          host, WalkReason::kWrongContent, status,
          "not implemented: media type \"application/vnd.docker.distribution.manifest.v1+prettyjws\" is no longer "
          "supported");
    }
    const bool converts = version_.major < 2;
    return EndUndecided(host, WalkReason::kNotConcluded, status,
                        converts
                            ? "serves a schema 1 manifest, which containerd converts to one of another digest"
                            : "serves a schema 1 manifest, which containerd 2.0 takes only if its environment says so");
  }

  std::string Url(std::size_t host) const {
    const std::size_t slash = reference_.find('/');
    const std::size_t at = reference_.find('@');
    const std::size_t mark = at != std::string::npos ? at : reference_.rfind(':');
    if (slash == std::string::npos || mark == std::string::npos || mark < slash) return config_.hosts[host].Url();
    return RequestUrl(config_.hosts[host], config_.registry, reference_.substr(slash + 1, mark - slash - 1),
                      EndpointName(), reference_.substr(mark + 1));
  }

  std::string_view EndpointName() const { return endpoint_ == Endpoint::kBlobs ? "blobs" : "manifests"; }

  std::string StatusError(std::size_t host, int status, const std::string& method) const {
    if (IsAtLeast(version_, 1, 7)) {
      return "unexpected status from " + method + " request to " + Url(host) + ": " + StatusText(status);
    }
    const std::string object = reference_.substr(reference_.find_last_of(":@") + 1);
    return "pulling from host " + config_.hosts[host].host + " failed with " +
           (IsRedirect(status) ? "unexpected status code [" : "status code [") + std::string(EndpointName()) + " " +
           object + "]: " + StatusText(status);
  }

  void Step(std::size_t host, WalkReason why, int status = 0) {
    steps_.push_back({host, why, status == 0 ? std::nullopt : std::optional<int>(status), endpoint_});
  }

  std::optional<End> NextHost(std::size_t host, WalkReason why, int status, Level level, std::string error) {
    Step(host, why, status);
    error_.Add(level, std::move(error));
    return std::nullopt;
  }

  End EndFailing(std::size_t host, WalkReason why, int status, const std::string& error) {
    Step(host, why, status);
    return Failing(error);
  }

  End EndUndecided(std::size_t host, WalkReason why, int status, const std::string& reason) {
    Step(host, why, status);
    return Undecided{host, config_.hosts[host].Url() + " " + reason};
  }

  End Failing(const std::string& error) const {
    return Fails{"failed to resolve reference \"" + reference_ + "\": " + error};
  }

  Resolution Ending(End end) { return {std::move(steps_), std::move(end)}; }

  const RegistryConfig& config_;
  const ContainerdVersion version_;
  const Puller puller_;
  const std::string& reference_;
  const bool needs_resolve_;

  std::optional<image::Digest>
      digest_;                // once set it stays, whatever later hosts say: a bug of containerd, kept on purpose
  bool lost_digest_ = false;  // set by containerd, but not known here
  ResolveError error_;
  Endpoint endpoint_ = Endpoint::kManifests;
  std::vector<WalkStep> steps_;
};

}  // namespace

Resolution ResolveTag(const RegistryConfig& config, ContainerdVersion version, Puller puller,
                      const std::string& reference, const AnswerOf& answer) {
  return ResolveWalk(config, version, puller, reference, std::nullopt).Run(answer, nullptr);
}

Resolution ResolveDigest(const RegistryConfig& config, ContainerdVersion version, Puller puller,
                         const std::string& reference, const image::Digest& digest, const AnswerOf& manifest_answer,
                         const AnswerOf& blob_answer) {
  return ResolveWalk(config, version, puller, reference, digest).Run(manifest_answer, &blob_answer);
}

}  // namespace tagdrift::hosts
