#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/hosts/registry_config.h"

namespace tagdrift::agent {

/// Whether `text` is a registry as references have it. Errors: InvalidArgument, with what may have been meant.
absl::Status CheckRegistry(const std::string& text);

/// The hosts of `registries`; of none, those of all that are cached or configured, and of one for what is configured
/// for all others. Findings about directories go to the notes of `configuration`. Without the bytes of certificates.
std::vector<hosts::RegistryConfig> RegistriesOf(RegistryConfiguration& configuration, std::set<std::string> registries);

}  // namespace tagdrift::agent
