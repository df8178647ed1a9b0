#include "lab_files.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string_view>

#include "failure.h"

namespace tagdrift::lab {

std::string LabFile(const std::string& path) {
  const char* folder = std::getenv("TAGDRIFT_LAB_DIR");
  return std::string(folder == nullptr ? TAGDRIFT_LAB_DEFAULT_DIR : folder) + "/" + path;
}

bool AreUnpacked(std::initializer_list<const char*> files) {
  for (const char* file : files) {
    if (std::filesystem::exists(LabFile(file))) continue;
    const std::string missing = std::string("no ") + file + " in the lab; run deploy/provision.sh lab";
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true") GiveUp(missing);
    std::cout << "LAB SKIPPED: " << missing << "\n";
    return false;
  }
  return true;
}

std::string LabRoot() {
  if (std::getenv("TAGDRIFT_LAB_CGROUP") == nullptr) GiveUp("run this through tests/lab/sandbox.sh");
  return "/run/lab";
}

}  // namespace tagdrift::lab
