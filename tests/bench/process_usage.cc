#include "process_usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace tagdrift::bench {
namespace {

std::string FileOf(pid_t pid, const std::string& name) { return "/proc/" + std::to_string(pid) + "/" + name; }

std::chrono::milliseconds CpuOf(pid_t pid) {
  std::string line;
  std::getline(std::ifstream(FileOf(pid, "stat")), line);
  // The name may have spaces; it ends with the last parenthesis. User and system time are fields 14 and 15.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return std::chrono::milliseconds((user + system) * 1000 / sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessUsage UsageOf(pid_t pid) {
  ProcessUsage usage{.cpu = CpuOf(pid)};
  std::ifstream status(FileOf(pid, "status"));
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string name;
    double value = 0;
    words >> name >> value;
    if (name == "VmRSS:") usage.resident_mib = value / 1024;
    if (name == "RssFile:") usage.program_mib = value / 1024;
    if (name == "VmHWM:") usage.peak_mib = value / 1024;
    if (name == "Threads:") usage.threads = static_cast<std::size_t>(value);
  }
  std::error_code unreadable;
  for (std::filesystem::directory_iterator entry(FileOf(pid, "fd"), unreadable), end; entry != end; ++entry) {
    ++usage.descriptors;
  }
  return usage;
}

void ForgetPeak(pid_t pid) { std::ofstream(FileOf(pid, "clear_refs")) << 5; }

}  // namespace tagdrift::bench
