#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/registry/credentials.h"

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

/// Opens all that the options name, and containerd's own. Warnings are logged. `stop` ends the programs that look for
/// credentials. Errors: one line that says what to do.
absl::StatusOr<std::shared_ptr<const registry::CredentialSource>> OpenCredentials(
    const CredentialOptions& options, const std::map<std::string, hosts::EndpointAuth>& endpoint_auths,
    std::stop_token stop);

}  // namespace tagdrift::cli
