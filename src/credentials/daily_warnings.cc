#include "credentials/daily_warnings.h"

#include <chrono>
#include <map>
#include <mutex>
#include <utility>

namespace tagdrift::credentials {
namespace {

constexpr std::size_t kMost = 100;
constexpr std::chrono::hours kHold(24);

}  // namespace

Warn Daily(Warn warn, std::shared_ptr<const Clock> clock) {
  struct Given {
    std::mutex mutex;
    std::map<std::string, SteadyTime> texts;
  };
  return
      [warn = std::move(warn), clock = std::move(clock), given = std::make_shared<Given>()](const std::string& text) {
        const SteadyTime now = clock->Steady();
        {
          const std::lock_guard lock(given->mutex);
          std::erase_if(given->texts, [now](const auto& entry) { return now - entry.second >= kHold; });
          if (given->texts.size() >= kMost || !given->texts.emplace(text, now).second) return;
        }
        warn(text);
      };
}

}  // namespace tagdrift::credentials
