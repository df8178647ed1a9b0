#include "words.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/time/time.h"

namespace tagdrift::render {

std::string Word(const std::string& name, std::string_view prefix) { return name.substr(prefix.size()); }

std::string ShortDigest(const std::string& digest) {
  const std::size_t colon = digest.find(':');
  return colon == std::string::npos ? "-" : digest.substr(colon + 1, 12);
}

std::string Shortened(const std::string& text) {
  constexpr std::string_view kAlgorithm = "sha256:";
  constexpr std::size_t kShown = 12;
  constexpr std::size_t kAll = 64;
  std::string out;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t hex = text.find(kAlgorithm, from);
    if (hex == std::string::npos) break;
    const std::size_t begin = hex + kAlgorithm.size();
    const std::size_t end = std::min(text.find_first_not_of("0123456789abcdef", begin), text.size());
    const std::size_t shown = end - begin == kAll ? kShown : end - begin;
    out += text.substr(from, begin + shown - from);
    from = end;
  }
  return from < text.size() ? out + text.substr(from) : out;
}

std::string Counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string ListText(const std::vector<std::string>& items, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i) text += (i == 0 ? "" : ", ") + items[i];
  return items.size() > most ? text + fmt::format(" and {} more", items.size() - most) : text;
}

std::string PodText(const v1::Pod& pod) { return pod.name().empty() ? "" : pod.namespace_() + "/" + pod.name(); }

std::string ContainerText(const v1::Pod& pod, const std::string& container) {
  return pod.name().empty() ? container : PodText(pod) + " " + container;
}

std::string OutcomeCell(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_FRESH:
      return "fresh";
    case v1::OUTCOME_EQUIVALENT:
      return "equivalent";
    case v1::OUTCOME_STALE:
      return "stale";
    case v1::OUTCOME_FAILS:
      return "fails";
    case v1::OUTCOME_UNDECIDED:
      return "?";
    default:
      return "-";
  }
}

std::string SpanText(std::int64_t seconds) {
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 60 * 60) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 60 * 60) return fmt::format("{} h", seconds / (60 * 60));
  return fmt::format("{} d", seconds / (24 * 60 * 60));
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
}

}  // namespace tagdrift::render
