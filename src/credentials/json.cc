#include "credentials/json.h"

namespace tagdrift::credentials {
namespace {

constexpr int kMaxDepth = 32;

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

}  // namespace

nlohmann::json ParseJson(std::string_view text, const std::function<void(int, const std::string&)>& on_key) {
  using Json = nlohmann::json;
  if (NestsTooDeep(text)) return Json(Json::value_t::discarded);
  if (!on_key) return Json::parse(text.begin(), text.end(), nullptr, false);
  const auto hear = [&on_key](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key) on_key(depth, parsed.get_ref<const std::string&>());
    return true;
  };
  return Json::parse(text.begin(), text.end(), hear, false);
}

std::string TextMember(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace tagdrift::credentials
