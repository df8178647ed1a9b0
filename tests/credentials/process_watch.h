#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

namespace tagdrift::credentials {

std::string ReadAll(const std::string& path);

/// Waits until a process, which need not be our child, is gone or a zombie that its parent has not looked at yet.
void AwaitEnd(pid_t pid);

/// Waits until a thread of this process waits for something itself.
void AwaitSleep(pid_t thread);

/// Waits until a file is there, and reads two numbers from it.
std::pair<pid_t, pid_t> AwaitPids(const std::string& path);

}  // namespace tagdrift::credentials
