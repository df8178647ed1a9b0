#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace tagdrift::lab {

/// Ends the process: the lab itself could not do what a test needs, so no result after this would mean anything. The
/// sandbox ends everything that was started.
[[noreturn]] void GiveUp(const std::string& message);

/// Whether a run can go on: true where `missing`, what the lab lacks for it, is empty. Otherwise says that the run is
/// skipped and why, for ctest to see, or gives up in CI, where nothing may be skipped.
bool CanRun(const std::string& missing);

/// Asks `done` again and again until it says yes. False when `deadline` has passed.
bool Poll(const std::function<bool()>& done, std::chrono::seconds deadline = std::chrono::seconds(60));

/// As Poll, but gives up naming what was waited for.
void WaitFor(const std::string& what, const std::function<bool()>& done,
             std::chrono::seconds deadline = std::chrono::seconds(60));

}  // namespace tagdrift::lab
