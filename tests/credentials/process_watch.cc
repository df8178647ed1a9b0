#include "process_watch.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace tagdrift::credentials {
namespace {

/// The letter in a `stat` file of /proc; 'X' where the file is gone.
char StateIn(const std::string& stat) {
  const std::string text = ReadAll(stat);
  const std::size_t state = text.rfind(") ");
  return state == std::string::npos ? 'X' : text[state + 2];
}

}  // namespace

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void AwaitEnd(pid_t pid) {
  for (;;) {
    const char state = StateIn("/proc/" + std::to_string(pid) + "/stat");
    if (state == 'Z' || state == 'X') return;
    std::this_thread::yield();
  }
}

void AwaitSleep(pid_t thread) {
  while (StateIn("/proc/self/task/" + std::to_string(thread) + "/stat") != 'S') std::this_thread::yield();
}

std::pair<pid_t, pid_t> AwaitPids(const std::string& path) {
  while (!std::filesystem::exists(path)) std::this_thread::yield();
  std::pair<pid_t, pid_t> pids;
  std::istringstream(ReadAll(path)) >> pids.first >> pids.second;
  return pids;
}

}  // namespace tagdrift::credentials
