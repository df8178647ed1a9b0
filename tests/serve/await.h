#pragma once

#include <chrono>
#include <thread>

namespace tagdrift::serve {

/// Nothing takes as long, but on a machine that does other things too.
inline constexpr std::chrono::seconds kPatience(60);

/// Whether `condition` holds, which may take as long as kPatience.
template <class Condition>
bool Await(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace tagdrift::serve
