#include "document.h"

namespace tagdrift::record {
namespace {

constexpr char kFormatKey[] = "format";
constexpr char kVersionKey[] = "version";
// A tree takes up to forty times the memory of its text.
constexpr std::size_t kMostValues = 4'000'000;
constexpr int kMostDepth = 64;

/// Discarded for anything else than JSON of a sensible shape.
Json Parse(std::string_view text) {
  std::size_t values = 0;
  const auto is_sensible = [&values](int depth, Json::parse_event_t, Json&) {
    return ++values < kMostValues && depth < kMostDepth;
  };
  return Json::parse(text, is_sensible, false);
}

}  // namespace

std::string WriteDocument(const Format& format, Json body) {
  body[kFormatKey] = format.name;
  body[kVersionKey] = format.version;
  return body.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<Json> ReadDocument(const Format& format, std::string_view text) {
  Json body = Parse(text);
  if (body.is_discarded()) {
    return absl::InvalidArgumentError(fmt::format("no {}: not JSON, or cut off", format.name));
  }
  if (!body.is_object() || !body.contains(kFormatKey) || body[kFormatKey] != format.name ||
      !body.contains(kVersionKey) || !body[kVersionKey].is_number_integer()) {
    return absl::InvalidArgumentError(fmt::format("no {}: it does not say that it is one", format.name));
  }
  if (body[kVersionKey] < format.oldest || body[kVersionKey] > format.version) {
    return absl::FailedPreconditionError(
        fmt::format("a {} of format version {}, and this tagdrift reads up to version {}: use the tagdrift that wrote "
                    "it",
                    format.name, body[kVersionKey].dump(), format.version));
  }
  body.erase(kFormatKey);
  body.erase(kVersionKey);
  return body;
}

}  // namespace tagdrift::record
