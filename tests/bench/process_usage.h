#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>

namespace tagdrift::bench {

/// What another process takes, as the kernel counts it. Of one that is not dumpable only root sees all.
struct ProcessUsage {
  double resident_mib = 0;
  double program_mib = 0;            ///< of that, what is the program's file and its libraries'
  double peak_mib = 0;               ///< of what was resident, since it began or since ForgetPeak
  std::chrono::milliseconds cpu{0};  ///< user and system, of all its threads; counted in steps of 10 ms
  std::size_t threads = 0;
  std::size_t descriptors = 0;
};

ProcessUsage UsageOf(pid_t pid);

/// The peak is counted anew. Needs root.
void ForgetPeak(pid_t pid);

}  // namespace tagdrift::bench
