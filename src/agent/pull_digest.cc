#include "pull_digest.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "find_image.h"

namespace tagdrift::agent {
namespace {

constexpr std::chrono::milliseconds kLook(200);

/// How many bytes of the missing blobs have arrived.
class Arrivals {
 public:
  explicit Arrivals(const Work& work) : work_(work), missing_(work.facts.wanted->missing) {
    for (const image::Descriptor& blob : missing_) total_ += blob.size;
  }

  void Tell() {
    if (!work_.hooks.progress) return;
    const auto ingests = work_.runtime().containerd_actions->Ingests();
    if (!ingests.ok()) return;
    std::int64_t under_way = 0;
    for (auto blob = missing_.begin(); blob != missing_.end();) {
      const auto ingest = std::find_if(ingests->begin(), ingests->end(), [&](const node::Ingest& one) {
        return std::string_view(one.ref).ends_with(blob->digest.text());
      });
      if (ingest != ingests->end()) {
        under_way += std::min(ingest->written, blob->size);
      } else if (const auto info = work_.runtime().containerd->Info(blob->digest); info.ok() && info->has_value()) {
        arrived_ += blob->size;
        blob = missing_.erase(blob);
        continue;
      }
      ++blob;
    }
    work_.hooks.progress({work_.name(), ActionProgress::Phase::kPulling, arrived_ + under_way, total_});
  }

 private:
  const Work& work_;
  std::vector<image::Descriptor> missing_;
  std::int64_t arrived_ = 0;
  std::int64_t total_ = 0;
};

absl::Status PullOnce(const Work& work, const std::optional<node::PullCredential>& credential) {
  const absl::Duration timeout = work.request.deadline - absl::Now();
  if (timeout <= absl::ZeroDuration()) return absl::DeadlineExceededError("pulling: no time is left (--timeout)");
  auto pull = std::async(std::launch::async, [&] {
    return work.runtime().cri_actions->PullImage(work.digest_name(), credential, timeout, work.stop).status();
  });
  Arrivals arrivals(work);
  while (pull.wait_for(kLook) == std::future_status::timeout) arrivals.Tell();
  return pull.get();
}

/// What to show: nothing where the delivering host wanted nothing, else each candidate, to that host only.
std::vector<std::optional<node::PullCredential>> Credentials(const Work& work, std::string& error) {
  if (!work.plan.needs_credentials) return {std::nullopt};
  const hosts::RegistryHost& host = *work.facts.route->hosts[*work.plan.deliverer];
  const registry::CredentialAnswer answer = work.sources.credentials->Find(host.host, work.plan.reference.repository());
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

absl::Status PullDigest(const Work& work) {
  std::string error;
  const auto credentials = Credentials(work, error);
  absl::Status status = absl::UnauthenticatedError("pulling " + work.digest_name() + ": no credentials: " + error);
  for (const auto& credential : credentials) {
    status = PullOnce(work, credential);
    if (status.ok() || absl::IsCancelled(status) || absl::IsDeadlineExceeded(status)) return status;
  }
  return status;
}

absl::StatusOr<node::ImageRecord> SoundRecord(const Work& work) {
  auto wanted = FindImage(work.runtime(), work.sources.platform, *work.plan.to, nullptr);
  if (!wanted.ok()) return wanted.status();
  if (!wanted->incomplete.empty()) return absl::NotFoundError(wanted->incomplete);
  auto records = work.runtime().containerd->ListImages();
  if (!records.ok()) return records.status();
  for (const node::ImageRecord& record : *records) {
    if (IsSound(record, *wanted)) return record;
  }
  // Only poisoned names, or none: the content itself says what it is.
  node::ImageRecord record;
  record.name = work.digest_name();
  record.target_digest = wanted->digest.text();
  record.target_media_type = wanted->media_type;
  record.target_size = wanted->size.value_or(0);
  return record;
}

}  // namespace tagdrift::agent
