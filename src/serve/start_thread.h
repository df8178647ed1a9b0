#pragma once

#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"

namespace tagdrift::serve {

/// Starts `run` as `thread`; a thread that this was before is stopped and joined then. Errors: Unavailable, beginning
/// with `doing`, where there are no more threads, or no memory; `thread` stays what it was.
template <class Run>
absl::Status StartThread(std::jthread& thread, const std::string& doing, Run run) {
  try {
    thread = std::jthread(std::move(run));
  } catch (const std::exception& error) {
    return absl::UnavailableError(doing + ": " + error.what());
  }
  return absl::OkStatus();
}

}  // namespace tagdrift::serve
