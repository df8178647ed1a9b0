#include "lab_files.h"

#include <cstdlib>

#include "failure.h"

namespace tagdrift::lab {

std::string LabFile(const std::string& path) {
  const char* folder = std::getenv("TAGDRIFT_LAB_DIR");
  return std::string(folder == nullptr ? TAGDRIFT_LAB_DEFAULT_DIR : folder) + "/" + path;
}

std::string LabRoot() {
  if (std::getenv("TAGDRIFT_LAB_CGROUP") == nullptr) GiveUp("run this through tests/lab/sandbox.sh");
  return "/run/lab";
}

}  // namespace tagdrift::lab
