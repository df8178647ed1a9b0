#include "registry/json_bodies.h"

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "registry/http_message.h"

namespace tagdrift::registry {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxCode = 64;

bool NestsTooDeep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

/// A discarded value for anything that is no JSON or nests too deep.
Json Parse(std::string_view text) {
  if (NestsTooDeep(text)) return Json(Json::value_t::discarded);
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

std::string Text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool IsCode(std::string_view text) {
  if (text.empty() || text.size() > kMaxCode) return false;
  for (const char c : text) {
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

/// Nothing: the field is there and is no string.
std::optional<std::string> OptionalText(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return std::string();
  if (!found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

absl::StatusOr<AuthEntry> ReadEntry(const std::string& key, const Json& value) {
  const auto bad = [&key](const std::string& what) {
    return absl::InvalidArgumentError("entry '" + key.substr(key.rfind('@') + 1) + "': " + what);
  };
  if (!value.is_object()) return bad("is no object");
  AuthEntry entry{.key = key, .auth = {}, .username = {}, .password = {}};
  for (const auto& [name, field] : {std::pair{"auth", &entry.auth}, std::pair{"username", &entry.username},
                                    std::pair{"password", &entry.password}}) {
    std::optional<std::string> text = OptionalText(value, name);
    if (!text) return bad(std::string("'") + name + "' is no string");
    *field = std::move(*text);
  }
  entry.has_identity_token = !Text(value, "identitytoken").empty() || !Text(value, "registrytoken").empty();
  return entry;
}

}  // namespace

std::string FirstErrorCode(std::string_view body) {
  const Json json = Parse(body.substr(0, kErrorBodyLimit));
  if (!json.is_object()) return {};
  const auto errors = json.find("errors");
  if (errors == json.end() || !errors->is_array() || errors->empty() || !errors->front().is_object()) return {};
  const std::string code = Text(errors->front(), "code");
  return IsCode(code) ? code : std::string();
}

std::optional<TokenBody> ParseTokenBody(std::string_view body) {
  const Json json = Parse(body);
  if (!json.is_object()) return std::nullopt;
  TokenBody out{.token = Text(json, "token"), .access_token = Text(json, "access_token"), .expires_in = {}};
  const auto expires = json.find("expires_in");
  if (expires != json.end() && expires->is_number_integer()) out.expires_in = expires->get<std::int64_t>();
  return out;
}

absl::StatusOr<std::vector<AuthEntry>> ParseAuths(std::string_view text) {
  const Json json = Parse(text);
  if (json.is_discarded()) return absl::InvalidArgumentError("not valid JSON");
  if (!json.is_object()) return absl::InvalidArgumentError("not a JSON object");
  std::vector<AuthEntry> entries;
  const auto auths = json.find("auths");
  if (auths == json.end() || auths->is_null()) return entries;
  if (!auths->is_object()) return absl::InvalidArgumentError("'auths' is no object");
  for (const auto& [key, value] : auths->items()) {
    absl::StatusOr<AuthEntry> entry = ReadEntry(key, value);
    if (!entry.ok()) return entry.status();
    entries.push_back(std::move(*entry));
  }
  return entries;
}

}  // namespace tagdrift::registry
