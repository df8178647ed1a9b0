#include "credentials/json.h"

namespace tagdrift::credentials {

nlohmann::json ParseJson(std::string_view text, const std::function<void(int, const std::string&)>& on_key) {
  using Json = nlohmann::json;
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
