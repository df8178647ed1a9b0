#include "lab_files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "failure.h"

namespace tagdrift::lab {

std::string LabFile(const std::string& path) {
  const char* folder = std::getenv("TAGDRIFT_LAB_DIR");
  return std::string(folder == nullptr ? TAGDRIFT_LAB_DEFAULT_DIR : folder) + "/" + path;
}

bool AreUnpacked(std::initializer_list<const char*> files) {
  return std::ranges::all_of(files, [](const char* file) {
    const bool exists = std::filesystem::exists(LabFile(file));
    return CanRun(exists ? "" : std::string("no ") + file + " in the lab; run deploy/provision.sh lab");
  });
}

std::string LabRoot() {
  if (std::getenv("TAGDRIFT_LAB_CGROUP") == nullptr) GiveUp("run this through tests/lab/sandbox.sh");
  return "/run/lab";
}

}  // namespace tagdrift::lab
