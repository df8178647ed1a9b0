#include "resources.h"

#include <malloc.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace tagdrift::soak {
namespace {

std::size_t EntriesOf(const char* folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

}  // namespace

Resources Measure() {
  Resources now;
  std::size_t total_pages = 0;
  std::size_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
  now.resident_kib = resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1024;
  now.heap_kib = (mallinfo2().uordblks + mallinfo2().hblkhd) / 1024;
  now.threads = EntriesOf("/proc/self/task");
  now.descriptors = EntriesOf("/proc/self/fd") - 1;  // the folder's own
  return now;
}

}  // namespace tagdrift::soak
