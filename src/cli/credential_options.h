#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::cli {

/// Where a command finds credentials.
struct CredentialOptions {
  std::vector<std::string> auth_files;
  std::vector<std::string> pull_secrets;
  std::string provider_config;
  std::string provider_bin_dir;
  std::vector<std::string> shared;  ///< MIRROR=REGISTRY
};

void AddCredentialOptions(CLI::App& command, CredentialOptions& options);

/// Reads `--share-credentials MIRROR=REGISTRY` values, both as hosts with port. Errors: InvalidArgument naming the
/// value.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ReadShared(const std::vector<std::string>& values);

/// What the options mean. `environment` is this process's; warnings are logged. Errors: InvalidArgument naming the
/// value.
absl::StatusOr<credentials::Options> ReadCredentialOptions(const CredentialOptions& options,
                                                           std::map<std::string, std::string> environment);

}  // namespace tagdrift::cli
