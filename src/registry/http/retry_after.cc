#include "registry/http/retry_after.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace tagdrift::registry {

std::optional<absl::Time> ParseRetryAfter(std::string_view text, absl::Time now) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = end == text.data() + text.size() && !text.empty();
  if (whole && error == std::errc::result_out_of_range) return now + absl::Hours(1);
  if (!whole || error != std::errc()) {
    // curl_getdate guesses at much that is no date; an HTTP date has a comma or is asctime's, both start with a day's
    // name.
    if (text.size() < 20 || text.size() > 64 || !(text[0] >= 'A' && text[0] <= 'Z')) return std::nullopt;
    const time_t date = curl_getdate(std::string(text).c_str(), nullptr);
    if (date == -1) return std::nullopt;
    seconds = absl::ToInt64Seconds(absl::FromTimeT(date) - now);
    if (seconds <= 0) return std::nullopt;
  }
  if (seconds < 0) return std::nullopt;
  return now + absl::Seconds(std::clamp<std::int64_t>(seconds, 1, 3600));
}

std::optional<absl::Time> RetryAt(const HttpResponse& response) {
  if (const std::string* header = response.Header("retry-after")) {
    if (auto at = ParseRetryAfter(*header, response.asked_at + response.latency)) return at;
  }
  return response.retry_at;
}

}  // namespace tagdrift::registry
