#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "credentials/kubelet/provider_config.h"

namespace tagdrift::credentials {

/// One CredentialProviderConfig, YAML or JSON. Errors: InvalidArgument saying what is wrong, with the provider.
absl::StatusOr<std::vector<Provider>> ParseProviderConfig(const std::string& text);

}  // namespace tagdrift::credentials
