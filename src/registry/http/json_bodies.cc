#include "registry/http/json_bodies.h"

#include <nlohmann/json.hpp>

#include "registry/http/http_message.h"

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

}  // namespace tagdrift::registry
