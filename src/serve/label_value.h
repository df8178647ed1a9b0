#pragma once

#include <string>
#include <string_view>

namespace tagdrift::serve {

/// The label value of an enum's value: its name in lower case without its type's prefix, "in_sync" of
/// HOST_STATE_IN_SYNC.
inline std::string LabelValue(std::string_view name, std::string_view prefix) {
  std::string value(name.starts_with(prefix) ? name.substr(prefix.size()) : name);
  for (char& letter : value) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return value;
}

}  // namespace tagdrift::serve
