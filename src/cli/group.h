#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace tagdrift::cli {

/// A group by name or number. Errors: InvalidArgument, there is none of that name.
absl::StatusOr<gid_t> FindGroup(const std::string& name);

}  // namespace tagdrift::cli
