#include "registry/http/rate_limit_headers.h"

#include <charconv>

#include "tagdrift/text/text.h"

namespace tagdrift::registry {
namespace {

std::optional<std::int64_t> Number(std::string_view text) {
  text = text::Trim(text);
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

struct Item {
  std::optional<std::int64_t> number;
  std::optional<std::chrono::seconds> window;
};

/// A policy after the first item may name the window of that number ("100, 100;w=60"), but need not be about it: only
/// what stands with the number itself counts.
Item FirstItem(std::string_view text) {
  text = text.substr(0, text.find(','));
  Item item;
  const std::size_t end = text.find(';');
  item.number = Number(text.substr(0, end));
  while (text.find(';') != std::string_view::npos) {
    text.remove_prefix(text.find(';') + 1);
    const std::string_view parameter = text::Trim(text.substr(0, text.find(';')));
    if (!parameter.starts_with("w=")) continue;
    if (const auto seconds = Number(parameter.substr(2))) item.window = std::chrono::seconds(*seconds);
  }
  return item;
}

Item ReadHeader(const HttpResponse& response, std::string_view name) {
  const std::string* value = response.Header(name);
  return value == nullptr ? Item() : FirstItem(*value);
}

}  // namespace

std::optional<RateLimit> ReadRateLimit(const HttpResponse& response) {
  const Item limit = ReadHeader(response, "ratelimit-limit");
  const Item remaining = ReadHeader(response, "ratelimit-remaining");
  const Item reset = ReadHeader(response, "ratelimit-reset");
  if (!limit.number && !remaining.number) return std::nullopt;
  RateLimit rate;
  rate.limit = limit.number;
  rate.remaining = remaining.number;
  rate.window = remaining.window ? remaining.window : limit.window;
  if (reset.number) rate.reset = std::chrono::seconds(*reset.number);
  rate.counts_gets_only = response.Header("docker-ratelimit-source") != nullptr;
  return rate;
}

}  // namespace tagdrift::registry
