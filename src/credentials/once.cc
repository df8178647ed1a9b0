#include "credentials/once.h"

#include <memory>
#include <mutex>
#include <set>
#include <utility>

namespace tagdrift::credentials {

Warn Once(Warn warn) {
  constexpr std::size_t kMost = 100;
  struct Said {
    std::mutex mutex;
    std::set<std::string> texts;
  };
  return [warn = std::move(warn), said = std::make_shared<Said>()](const std::string& text) {
    const std::lock_guard lock(said->mutex);
    if (said->texts.size() < kMost && said->texts.insert(text).second) warn(text);
  };
}

}  // namespace tagdrift::credentials
