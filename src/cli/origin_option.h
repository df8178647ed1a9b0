#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::cli {

/// Reads `--origin REGISTRY=URL` values. A URL without a path means /v2, one with a path gets /v2 behind it unless it
/// ends so. Errors: InvalidArgument naming the value.
absl::StatusOr<std::map<std::string, hosts::RegistryHost>> ReadOrigins(const std::vector<std::string>& values);

}  // namespace tagdrift::cli
