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

std::string Counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string ListText(const std::vector<std::string>& items, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i) text += (i == 0 ? "" : ", ") + items[i];
  return items.size() > most ? text + fmt::format(" and {} more", items.size() - most) : text;
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
