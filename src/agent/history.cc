#include "history.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "tagdrift/record/file.h"
#include "tagdrift/text/text.h"

namespace tagdrift::agent {
namespace {

constexpr std::size_t kMostBytes = 32 << 20;
// A node without a clock of its own begins in 1970 until it has asked for the time.
constexpr absl::CivilDay kEarliest(2024, 1, 1);

/// Held until it is destroyed, or the process ends.
class FileLock {
 public:
  explicit FileLock(const std::string& path)
      : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (file_ < 0 || flock(file_, LOCK_EX | LOCK_NB) != 0) error_ = errno;
  }
  ~FileLock() {
    if (file_ >= 0) close(file_);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  bool held() const { return error_ == 0; }
  bool is_anothers() const { return error_ == EWOULDBLOCK; }
  absl::Status status() const { return absl::ErrnoToStatus(error_, "opening the lock file"); }

 private:
  const int file_;
  int error_ = 0;
};

std::string LockOf(const std::string& directory) { return directory + "/history.lock"; }

absl::StatusOr<record::Histories> ReadFile(const std::string& path) {
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  if (type == std::filesystem::file_type::not_found) return record::Histories();
  if (!error && type != std::filesystem::file_type::regular) return absl::DataLossError("it is no regular file");
  const auto text = record::ReadWhole(path, kMostBytes);
  return text.ok() ? record::ReadHistories(*text) : text.status();
}

/// What to say of a file that cannot be understood, after it was set aside where that was possible.
std::string SetAside(const std::string& directory, const std::string& file, const absl::Status& why) {
  const std::string aside = file + ".unreadable";
  const FileLock lock(LockOf(directory));
  const bool moved = lock.held() && std::rename(file.c_str(), aside.c_str()) == 0;
  return fmt::format("what earlier rounds saw of the tags is not known: {} is {}{}", file, text::MessageOf(why),
                     moved ? "; it was set aside as " + aside : "");
}

/// Nothing: the tag is compared with nobody, or was not drifted.
std::optional<record::HistoryKey> KeyOf(const image::Reference& reference, const judge::Route& route) {
  if (!route.origin) return std::nullopt;
  return record::HistoryKey{reference.Canonical(), route.hosts[*route.origin]->Url()};
}

void AddServed(facts::TagHistory& history, const image::Digest& digest, absl::Time now) {
  for (facts::ServedDigest& served : history.origin_served) {
    if (served.digest != digest) continue;
    served.last_seen = now;
    return;
  }
  history.origin_served.push_back({digest, now, now});
}

void SetDrift(facts::TagHistory& history, judge::Verdict verdict, absl::Time now) {
  switch (verdict) {
    case judge::Verdict::kStale:
    case judge::Verdict::kGone:
      if (!history.drift_first_seen) history.drift_first_seen = now;
      return;
    case judge::Verdict::kUndecided:
      return;
    case judge::Verdict::kFresh:
    case judge::Verdict::kEquivalent:
    case judge::Verdict::kLocal:
    case judge::Verdict::kImmutable:
      history.drift_first_seen.reset();
      return;
  }
}

void Bound(record::RememberedTag& tag, absl::Time now) {
  std::vector<facts::ServedDigest>& served = tag.history.origin_served;
  tag.last_looked = std::min(tag.last_looked, now);
  if (tag.history.drift_first_seen) tag.history.drift_first_seen = std::min(*tag.history.drift_first_seen, now);
  for (facts::ServedDigest& one : served) {
    one.first_seen = std::min(one.first_seen, now);
    one.last_seen = std::min(one.last_seen, now);
  }
  std::erase_if(served, [now](const auto& one) { return one.last_seen < now - History::kMostAge; });
  std::ranges::stable_sort(served, std::greater(), &facts::ServedDigest::last_seen);
  if (served.size() > History::kMostDigests) served.resize(History::kMostDigests, served.front());
}

void Bound(record::Histories& tags, absl::Time now) {
  for (auto& [key, tag] : tags) Bound(tag, now);
  std::erase_if(tags, [now](const auto& entry) { return entry.second.last_looked < now - History::kMostAge; });
  if (tags.size() <= History::kMostTags) return;
  std::vector<absl::Time> times;
  for (const auto& [key, tag] : tags) times.push_back(tag.last_looked);
  std::ranges::nth_element(times, times.begin() + History::kMostTags, std::greater());
  const absl::Time latest_to_go = times[History::kMostTags];
  for (auto entry = tags.begin(); entry != tags.end() && tags.size() > History::kMostTags;) {
    entry = entry->second.last_looked <= latest_to_go ? tags.erase(entry) : std::next(entry);
  }
}

/// By an earlier round's answers, which that round has remembered.
bool IsReused(const report::JudgedTag& tag, const report::Round& round) {
  return tag.asked_at != absl::InfinitePast() && tag.asked_at < round.checked_at;
}

}  // namespace

facts::TagHistory History::Known::Of(const image::Reference& reference, const judge::Route& route) const {
  const auto key = KeyOf(reference, route);
  if (!is_kept || !key) return {};
  facts::TagHistory history;
  if (const auto found = tags.find(*key); found != tags.end()) history = found->second.history;
  history.drift_first_seen = std::min(history.drift_first_seen.value_or(now), now);
  return history;
}

History::History(std::string directory) : directory_(std::move(directory)), file_(directory_ + "/history.json") {}

History::Known History::Read(absl::Time now) {
  Known known{.now = now};
  if (directory_.empty()) return known;
  if (now < absl::FromCivil(kEarliest, absl::UTCTimeZone())) {
    known.note = "the node's clock says " + absl::FormatTime(now, absl::UTCTimeZone()) + ": no history is kept";
    return known;
  }
  auto tags = ReadFile(file_);
  known.is_kept = tags.ok();
  if (tags.ok()) {
    known.tags = *std::move(tags);
  } else if (absl::IsInvalidArgument(tags.status()) || absl::IsFailedPrecondition(tags.status()) ||
             absl::IsResourceExhausted(tags.status())) {
    known.note = SetAside(directory_, file_, tags.status());
    known.is_kept = true;
  } else {
    known.note = "what earlier rounds saw of the tags is not known: " + text::MessageOf(tags.status());
  }
  return known;
}

std::string History::Remember(const Known& known, const report::Round& round) {
  if (!known.is_kept) return known.note;
  const auto reused = [&](const report::JudgedTag& tag) { return IsReused(tag, round); };
  if (std::ranges::all_of(round.tags, reused) && std::ranges::all_of(round.asked_for, reused)) return known.note;
  const std::lock_guard writing(writing_);
  const FileLock lock(LockOf(directory_));
  if (lock.is_anothers()) return known.note;
  absl::Status status = lock.held() ? absl::OkStatus() : lock.status();
  if (status.ok()) {
    // Another process may have written since.
    auto tags = ReadFile(file_);
    status = tags.status();
    if (tags.ok()) {
      Update(*tags, round);
      status = record::ReplaceFile(file_, file_ + ".new", record::Write(*tags));
    }
  }
  if (status.ok() || !known.note.empty()) return known.note;
  return fmt::format("what this round saw of the tags is not kept in {}: {}", directory_, text::MessageOf(status));
}

void Update(record::Histories& tags, const report::Round& round) {
  const absl::Time now = round.checked_at;
  for (const auto* judged : {&round.tags, &round.asked_for}) {
    for (const report::JudgedTag& tag : *judged) {
      if (IsReused(tag, round)) continue;
      const image::Reference& reference = tag.facts.image.reference;
      const auto key = KeyOf(reference, round.routes.at(reference.registry()));
      const judge::TagResult& result = tag.result;
      const bool drifted = result.verdict == judge::Verdict::kStale || result.verdict == judge::Verdict::kGone;
      if (!key || (!result.origin_digest && !drifted && !tags.contains(*key))) continue;
      record::RememberedTag& remembered = tags[*key];
      remembered.last_looked = now;
      if (result.origin_digest) AddServed(remembered.history, *result.origin_digest, now);
      SetDrift(remembered.history, result.verdict, now);
    }
  }
  Bound(tags, now);
}

}  // namespace tagdrift::agent
