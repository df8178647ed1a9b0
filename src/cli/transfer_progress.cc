#include "transfer_progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "output.h"
#include "tagdrift/render/render.h"

namespace tagdrift::cli {
namespace {

constexpr std::int64_t kBarWidth = 30;
constexpr absl::Duration kLineEvery = absl::Seconds(2);

std::int64_t PartOf(std::int64_t whole, std::int64_t done, std::int64_t total) {
  return total <= 0 ? 0 : std::clamp<std::int64_t>(whole * done / total, 0, whole);
}

std::string Amount(std::int64_t done, std::int64_t total) {
  return fmt::format("{} of {}", render::SizeText(done), render::SizeText(total));
}

}  // namespace

void TransferProgress::Show(const agent::ActionProgress& progress) {
  if (!enabled_) return;
  const std::lock_guard lock(mutex_);
  latest_[progress.reference] = progress;
  if (bars_) {
    DrawBar();
  } else {
    WriteLine(progress);
  }
}

absl::Status TransferProgress::WriteAudit(const report::AuditRecord& record, LogFormat format) {
  const std::lock_guard lock(mutex_);
  Clear();
  return cli::WriteAudit(record, format);
}

void TransferProgress::Print(const std::string& text) {
  const std::lock_guard lock(mutex_);
  Clear();
  (void)WriteError(text);
}

void TransferProgress::Clear() {
  if (!drawn_) return;
  drawn_ = false;
  (void)WriteError("\r\033[K");
}

/// All that is under way in one bar.
void TransferProgress::DrawBar() {
  std::int64_t done = 0;
  std::int64_t total = 0;
  bool verifying = true;
  for (const auto& [reference, progress] : latest_) {
    done += progress.bytes_done;
    total += progress.bytes_total;
    verifying = verifying && progress.phase == agent::ActionProgress::Phase::kVerifying;
  }
  const auto filled = static_cast<std::size_t>(PartOf(kBarWidth, done, total));
  const std::string bar = std::string(filled, '#') + std::string(static_cast<std::size_t>(kBarWidth) - filled, '.');
  const std::string what = verifying ? "verifying" : fmt::format("[{}] {}", bar, Amount(done, total));
  (void)WriteError("\r\033[K" + what);
  drawn_ = true;
}

void TransferProgress::WriteLine(const agent::ActionProgress& progress) {
  const absl::Time now = absl::Now();
  const auto told = told_.find(progress.reference);
  if (progress.phase != agent::ActionProgress::Phase::kPulling) return;
  if (told != told_.end() && now - told->second < kLineEvery) return;
  told_[progress.reference] = now;
  (void)WriteError(
      fmt::format("tagdrift: {}: {}\n", progress.reference, Amount(progress.bytes_done, progress.bytes_total)));
}

}  // namespace tagdrift::cli
