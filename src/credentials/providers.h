#pragma once

#include "absl/status/statusor.h"
#include "credentials/sources.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// The kubelet's credential provider plugins, as its own options name them. What all that match an image answer forms
/// one keyring. Errors: the configuration or a program cannot be used, with its name.
absl::StatusOr<SourcePtr> OpenProviders(const Options& options);

}  // namespace tagdrift::credentials
