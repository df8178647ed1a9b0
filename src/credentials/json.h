#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tagdrift::credentials {

/// A discarded value for anything that is no JSON. Of equal keys the last counts; the depth is not limited.
/// `on_key` is called for every key in the text's order, with its depth: 1 for those of the outermost object.
nlohmann::json ParseJson(std::string_view text, const std::function<void(int, const std::string&)>& on_key = nullptr);

/// The string member of this name; empty where there is none.
std::string TextMember(const nlohmann::json& object, const char* name);

}  // namespace tagdrift::credentials
