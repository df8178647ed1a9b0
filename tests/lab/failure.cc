#include "failure.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace tagdrift::lab {

void GiveUp(const std::string& message) {
  std::fflush(stdout);
  std::fprintf(stderr, "lab: %s\n", message.c_str());
  std::fflush(stderr);
  std::_Exit(70);
}

bool CanRun(const std::string& missing) {
  if (missing.empty()) return true;
  const char* ci = std::getenv("CI");
  if (ci != nullptr && std::string_view(ci) == "true") GiveUp(missing);
  std::printf("LAB SKIPPED: %s\n", missing.c_str());
  return false;
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
