#include "pull_digest.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <string_view>
#include <vector>

#include "wanted_image.h"

namespace tagdrift::agent {
namespace {

constexpr std::chrono::milliseconds kLook(200);

/// How many bytes of the missing blobs have arrived.
class PullProgress {
 public:
  explicit PullProgress(const Execution& execution) : execution_(execution), missing_(execution.facts.wanted->missing) {
    for (const image::Descriptor& blob : missing_) total_ += blob.size;
  }

  void Tell() {
    if (!execution_.hooks.progress) return;
    // A slow answer must not hold up the end of the pull.
    const CallContext context = execution_.context.Within(execution_.now(), kLook);
    const auto ingests = execution_.runtime().containerd_actions->Ingests(context);
    if (!ingests.ok()) return;
    std::int64_t under_way = 0;
    for (auto blob = missing_.begin(); blob != missing_.end();) {
      const auto ingest = std::find_if(ingests->begin(), ingests->end(), [&](const node::Ingest& one) {
        return std::string_view(one.ref).ends_with(blob->digest.text());
      });
      if (ingest != ingests->end()) {
        under_way += std::min(ingest->written, blob->size);
      } else if (const auto info = execution_.runtime().containerd->Info(blob->digest, context);
                 info.ok() && info->has_value()) {
        arrived_ += blob->size;
        blob = missing_.erase(blob);
        continue;
      }
      ++blob;
    }
    execution_.hooks.progress({execution_.name(), ActionProgress::Phase::kPulling, arrived_ + under_way, total_});
  }

 private:
  const Execution& execution_;
  std::vector<image::Descriptor> missing_;
  std::int64_t arrived_ = 0;
  std::int64_t total_ = 0;
};

absl::Status PullOnce(const Execution& execution, const std::optional<node::PullCredential>& credential) {
  if (absl::Status over = execution.context.Check(execution.now(), "pulling"); !over.ok()) return over;
  AuditedChange change(execution.audit, "pull " + execution.digest_name());
  auto pull = std::async(std::launch::async, [&] {
    return execution.runtime().cri_actions->PullImage(execution.digest_name(), credential, execution.context).status();
  });
  PullProgress progress(execution);
  while (pull.wait_for(kLook) == std::future_status::timeout) progress.Tell();
  absl::Status status = pull.get();
  change.End(status);
  return status;
}

/// What to show: nothing where the delivering host wanted nothing, else each candidate, to that host only.
std::vector<std::optional<node::PullCredential>> Credentials(const Execution& execution, std::string& error) {
  if (!execution.plan.needs_credentials) return {std::nullopt};
  const hosts::RegistryHost& host = *execution.facts.route->hosts[*execution.plan.deliverer];
  const registry::CredentialAnswer answer =
      execution.credentials.Find(host.host, execution.plan.reference.repository(), execution.context);
  std::vector<std::optional<node::PullCredential>> credentials;
  for (const registry::Credential& candidate : answer.candidates) {
    // containerd takes no ready token.
    if (candidate.username.empty() && candidate.identity_token.empty()) continue;
    credentials.push_back(node::PullCredential{candidate.username, candidate.password, candidate.identity_token,
                                               host.scheme + "://" + host.host});
  }
  if (credentials.empty()) error = answer.error.empty() ? "none that containerd can use" : answer.error;
  return credentials;
}

bool IsSound(const node::ImageRecord& record, const judge::WantedImage& wanted) {
  return record.target_digest == wanted.digest.text() && record.target_media_type == wanted.media_type &&
         (!wanted.size || record.target_size == *wanted.size);
}

}  // namespace

absl::Status PullDigest(const Execution& execution) {
  std::string error;
  const auto credentials = Credentials(execution, error);
  absl::Status status = absl::UnauthenticatedError("pulling " + execution.digest_name() + ": no credentials: " + error);
  for (const auto& credential : credentials) {
    status = PullOnce(execution, credential);
    if (status.ok() || absl::IsCancelled(status) || absl::IsDeadlineExceeded(status)) return status;
  }
  return status;
}

absl::StatusOr<node::ImageRecord> SoundRecord(const Execution& execution, const CallContext& context) {
  auto wanted = FindWantedImage(execution.runtime(), execution.platform(), *execution.plan.to, nullptr, context);
  if (!wanted.ok()) return wanted.status();
  if (!wanted->incomplete.empty()) return absl::NotFoundError(wanted->incomplete);
  auto records = execution.runtime().containerd->ListImages(context);
  if (!records.ok()) return records.status();
  for (const node::ImageRecord& record : *records) {
    if (IsSound(record, *wanted)) return record;
  }
  // Only poisoned names, or none: the content itself says what it is.
  node::ImageRecord record;
  record.name = execution.digest_name();
  record.target_digest = wanted->digest.text();
  record.target_media_type = wanted->media_type;
  record.target_size = wanted->size.value_or(0);
  return record;
}

}  // namespace tagdrift::agent
