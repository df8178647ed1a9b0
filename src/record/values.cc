#include "absl/time/time.h"
#include "archive.h"
#include "tagdrift/text/base64.h"
#include "tagdrift/text/text.h"
#include "tagdrift/text/utf8.h"

namespace tagdrift::record {
namespace {

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = text::CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// A value that `parse` makes of its text.
template <class T, class Parse>
bool FromText(const Json& json, T& value, Problem& problem, const Parse& parse) {
  std::string text;
  if (!FromJson(json, text, problem)) return false;
  auto parsed = parse(text);
  if (!parsed.ok()) return problem.Is(fmt::format("'{}': {}", text, text::MessageOf(parsed.status())));
  value = *std::move(parsed);
  return true;
}

}  // namespace

// JSON has no bytes that are no text, which what hosts and files say may hold.
Json ToJson(const std::string& value) {
  return IsUtf8(value) ? Json(value) : Json{{"base64", text::Base64Encode(value)}};
}

bool FromJson(const Json& json, std::string& value, Problem& problem) {
  if (json.is_string()) {
    value = json.get_ref<const std::string&>();
    return true;
  }
  const bool is_encoded = json.is_object() && json.size() == 1 && json.contains("base64") && json["base64"].is_string();
  const auto bytes = is_encoded ? text::Base64Decode(json["base64"].get_ref<const std::string&>()) : std::nullopt;
  if (!bytes) return problem.Is("is no text");
  value = *bytes;
  return true;
}

bool FromJson(const Json& json, bool& value, Problem& problem) {
  if (!json.is_boolean()) return problem.Is("is neither true nor false");
  value = json.get<bool>();
  return true;
}

Json ToJson(const absl::Time& value) { return absl::FormatTime(absl::RFC3339_full, value, absl::UTCTimeZone()); }

bool FromJson(const Json& json, absl::Time& value, Problem& problem) {
  std::string text;
  std::string error;
  if (!FromJson(json, text, problem)) return false;
  return absl::ParseTime(absl::RFC3339_full, text, &value, &error) || problem.Is(fmt::format("'{}' is no time", text));
}

Json ToJson(const absl::Duration& value) { return absl::FormatDuration(value); }

bool FromJson(const Json& json, absl::Duration& value, Problem& problem) {
  std::string text;
  if (!FromJson(json, text, problem)) return false;
  return absl::ParseDuration(text, &value) || problem.Is(fmt::format("'{}' is no duration", text));
}

Json ToJson(const image::Digest& value) { return value.text(); }

bool FromJson(const Json& json, image::Digest& value, Problem& problem) {
  return FromText(json, value, problem, image::Digest::Parse);
}

Json ToJson(const image::Reference& value) { return value.Canonical(); }

bool FromJson(const Json& json, image::Reference& value, Problem& problem) {
  return FromText(json, value, problem, image::Reference::Parse);
}

Json ToJson(const hosts::ContainerdVersion& value) { return value.Text(); }

bool FromJson(const Json& json, hosts::ContainerdVersion& value, Problem& problem) {
  return FromText(json, value, problem, hosts::ContainerdVersion::Parse);
}

Json ToJson(const hosts::Capabilities& value) {
  std::vector<hosts::Capability> list;
  for (const hosts::Capability one : {hosts::Capability::kPull, hosts::Capability::kResolve, hosts::Capability::kPush,
                                      hosts::Capability::kReferrers}) {
    if (value.Has(one)) list.push_back(one);
  }
  return ToJson(list);
}

bool FromJson(const Json& json, hosts::Capabilities& value, Problem& problem) {
  std::vector<hosts::Capability> list;
  if (!FromJson(json, list, problem)) return false;
  value = {};
  for (const hosts::Capability one : list) value.Add(one);
  return true;
}

}  // namespace tagdrift::record
