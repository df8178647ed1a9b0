#include "credentials/shown_key.h"

#include <algorithm>

namespace tagdrift::credentials {
namespace {

constexpr std::size_t kMaxShownKey = 200;

}  // namespace

std::string ShownKey(std::string key) {
  key.erase(0, key.rfind('@') + 1);
  if (key.size() > kMaxShownKey) key.resize(kMaxShownKey);
  std::ranges::replace_if(
      key, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
  return key;
}

}  // namespace tagdrift::credentials
