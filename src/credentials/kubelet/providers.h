#pragma once

#include <memory>

#include "absl/status/status.h"
#include "credentials/source.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// Both options of the kubelet's credential providers, or neither. Errors: which one is missing.
absl::Status CheckProviderOptions(const Options& options);

/// The kubelet's credential provider plugins, as its own options name them. What all that match an image answer forms
/// one keyring. Reads nothing yet. Its errors: the configuration or a program cannot be used, with its name.
std::unique_ptr<Source> ProvidersSource(const Options& options);

}  // namespace tagdrift::credentials
