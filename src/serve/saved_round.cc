#include "serve/saved_round.h"

#include <algorithm>
#include <utility>

#include "tagdrift/record/file.h"
#include "tagdrift/record/recording.h"
#include "tagdrift/text/text.h"

namespace tagdrift::serve {
namespace {

std::string FileIn(const std::string& directory) { return directory + "/round.json"; }

/// A name that nobody was asked about is as old as the round.
absl::Time AskedAt(const report::JudgedTag& tag, absl::Time round) {
  absl::Time asked = absl::InfinitePast();
  for (const auto& [query, answer] : tag.facts.answers) asked = std::max(asked, answer.asked_at);
  return asked == absl::InfinitePast() ? round : std::min(asked, round);
}

}  // namespace

absl::Status SaveRound(const std::string& directory, const std::string& version, report::Round round) {
  const std::string text =
      record::Write({.tagdrift = version, .invocation = {}, .patterns = {}, .round = std::move(round)});
  return record::ReplaceFile(FileIn(directory), FileIn(directory) + ".new", text);
}

absl::StatusOr<report::Round> ReadSavedRound(const std::string& directory) {
  const auto text = record::ReadWhole(FileIn(directory), record::kMostRecordingBytes);
  if (!text.ok()) return text.status();
  auto recording = record::ReadRecording(*text);
  if (!recording.ok()) {
    return absl::FailedPreconditionError(FileIn(directory) + ": " + text::MessageOf(recording.status()));
  }
  report::Round round = std::move(recording->round);
  for (auto* tags : {&round.tags, &round.asked_for}) {
    for (report::JudgedTag& tag : *tags) tag.asked_at = AskedAt(tag, round.checked_at);
  }
  return round;
}

}  // namespace tagdrift::serve
