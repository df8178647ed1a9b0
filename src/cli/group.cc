#include "group.h"

#include <grp.h>

#include <charconv>

namespace tagdrift::cli {

absl::StatusOr<gid_t> FindGroup(const std::string& name) {
  gid_t id = 0;
  const auto number = std::from_chars(name.data(), name.data() + name.size(), id);
  if (number.ec == std::errc() && number.ptr == name.data() + name.size()) return id;
  const struct group* named = getgrnam(name.c_str());
  if (named == nullptr) {
    return absl::InvalidArgumentError("there is no group '" + name + "' here; its number will do");
  }
  return named->gr_gid;
}

}  // namespace tagdrift::cli
