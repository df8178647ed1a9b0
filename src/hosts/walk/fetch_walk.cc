#include <algorithm>
#include <utility>

#include "hosts/go/go_text.h"
#include "hosts/walk/answer_use.h"
#include "hosts/walk/resolve_error.h"
#include "tagdrift/hosts/walk.h"

namespace tagdrift::hosts {
namespace {

using End = std::variant<Needs, Resolved, Fails, Undecided>;

class FetchWalk {
 public:
  FetchWalk(const RegistryConfig& config, Puller puller, const image::Digest& digest, std::optional<std::int64_t> size)
      : config_(config), puller_(puller), digest_(digest), size_(size) {}

  Resolution Run(const AnswerOf& answer_of) {
    if (config_.unknown) return Ending(Undecided{0, *config_.unknown});
    if (config_.error) return Ending(Fails{*config_.error});
    const bool any = std::any_of(config_.hosts.begin(), config_.hosts.end(),
                                 [](const RegistryHost& host) { return host.capabilities.Has(Capability::kPull); });
    if (!any) return Ending(Fails{"no pull hosts: not found"});
    if (size_ == 0) {
      return Ending(Fails{"unable to fetch descriptor (" + digest_.text() +
                          ") which reports content size of zero: invalid argument"});
    }
    for (std::size_t host = 0; host < config_.hosts.size(); ++host) {
      const Answer* answer = answer_of(host);
      if (answer == nullptr) return Ending(Needs{host});
      if (std::optional<End> end = Evaluate(host, *answer)) return Ending(*std::move(end));
    }
    return Ending(Failing(first_error_));
  }

 private:
  std::optional<End> Evaluate(std::size_t host, const Answer& answer) {
    const int status = answer.get ? answer.get->status : answer.status;
    if (const std::optional<std::string> refusal = OwnRefusal(answer.failure)) {
      return EndUndecided(host, WalkReason::kNotConcluded, status, *refusal);
    }
    switch (UseOf(answer, puller_)) {
      case AnswerUse::kUnknown:
        return EndUndecided(host, WalkReason::kDenied, status, "refuses access to tagdrift; the kubelet may have it");
      case AnswerUse::kRefused:
        return NextHost(host, WalkReason::kStatus, RefusalStatus(answer), StatusError(host, RefusalStatus(answer)));
      case AnswerUse::kCounts:
        break;
    }
    if (answer.failure != Failure::kNone) return EvaluateFailure(host, answer);
    if (status == 404) return NextHost(host, WalkReason::kNotFound, status, NotFound());
    if (IsError(status)) return NextHost(host, WalkReason::kStatus, status, StatusError(host, status));
    return EvaluateContent(host, answer, status);
  }

  // Once a body has begun, containerd stays with its host and fails if the rest does not come.
  std::optional<End> EvaluateFailure(std::size_t host, const Answer& answer) {
    const bool body_begun = answer.status >= 200 && !IsError(answer.status);
    if (body_begun) return EndFailing(host, answer.status, "unexpected EOF");
    return NextHost(host, WalkReason::kTransport, 0, FailureText(answer, "Get", config_.hosts[host].Url()));
  }

  End EvaluateContent(std::size_t host, const Answer& answer, int status) {
    if (answer.too_large && size_)
      return EndFailing(host, status, "unexpected commit size, expected " + std::to_string(*size_));
    if (answer.too_large) return EndUndecided(host, WalkReason::kNotConcluded, status, "sent more than tagdrift reads");
    if (!answer.get)
      return EndUndecided(host, WalkReason::kNotConcluded, status, "was not asked for the content itself");
    if (digest_.algorithm() != answer.get->digest.algorithm()) {
      return EndUndecided(host, WalkReason::kNotConcluded, status,
                          "sent content that was not hashed by " + std::string(digest_.algorithm()));
    }
    if (size_ && answer.get->size != *size_) {
      return EndFailing(
          host, status,
          "unexpected commit size " + std::to_string(answer.get->size) + ", expected " + std::to_string(*size_));
    }
    if (answer.get->digest != digest_) {
      return EndFailing(host, status,
                        "unexpected commit digest " + answer.get->digest.text() + ", expected " + digest_.text());
    }
    steps_.push_back({host, WalkReason::kAccepted, status});
    return Resolved{.host = host,
                    .digest = digest_,
                    .media_type = answer.get->content_type,
                    .is_error_page = false,
                    .size = answer.get->size};
  }

  std::string NotFound() const {
    return "could not fetch content descriptor " + digest_.text() + " from remote: not found";
  }

  std::string StatusError(std::size_t host, int status) const {
    return "unexpected status code from " + config_.hosts[host].Url() + ": " + StatusText(status);
  }

  std::optional<End> NextHost(std::size_t host, WalkReason why, int status, std::string error) {
    steps_.push_back({host, why, status == 0 ? std::nullopt : std::optional<int>(status)});
    if (first_error_.empty()) first_error_ = std::move(error);
    return std::nullopt;
  }

  End EndFailing(std::size_t host, int status, const std::string& error) {
    steps_.push_back({host, WalkReason::kWrongContent, status});
    return Fails{"failed to copy: " + error};
  }

  End EndUndecided(std::size_t host, WalkReason why, int status, const std::string& reason) {
    steps_.push_back({host, why, status == 0 ? std::nullopt : std::optional<int>(status)});
    return Undecided{host, config_.hosts[host].Url() + " " + reason};
  }

  static End Failing(const std::string& error) {
    return Fails{"failed to copy: httpReadSeeker: failed open: " + error};
  }

  Resolution Ending(End end) { return {std::move(steps_), std::move(end)}; }

  const RegistryConfig& config_;
  const Puller puller_;
  const image::Digest& digest_;
  const std::optional<std::int64_t> size_;
  std::string first_error_;
  std::vector<WalkStep> steps_;
};

}  // namespace

Resolution Fetch(const RegistryConfig& config, Puller puller, const image::Digest& digest, const AnswerOf& answer,
                 std::optional<std::int64_t> size) {
  return FetchWalk(config, puller, digest, size).Run(answer);
}

}  // namespace tagdrift::hosts
