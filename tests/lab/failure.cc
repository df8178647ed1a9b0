#include "failure.h"

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace tagdrift::lab {

void GiveUp(const std::string& message) {
  std::fflush(stdout);
  std::fprintf(stderr, "lab: %s\n", message.c_str());
  std::fflush(stderr);
  std::_Exit(70);
}

bool Poll(const std::function<bool()>& done, std::chrono::seconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // between two looks, not instead of one
  }
  return true;
}

void WaitFor(const std::string& what, const std::function<bool()>& done, std::chrono::seconds deadline) {
  if (!Poll(done, deadline)) GiveUp("waiting for " + what + ": not within " + std::to_string(deadline.count()) + " s");
}

}  // namespace tagdrift::lab
