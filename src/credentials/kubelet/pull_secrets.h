#pragma once

#include <memory>

#include "credentials/source.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// The secrets in `options.pull_secrets`, as the keyring of a pod that has them all. Only user names and passwords
/// count, as for the kubelet. A secret that cannot be read later stays in use as it was. Reads nothing yet. Its errors:
/// a folder cannot be read, or a secret in it cannot be understood, with its name.
std::unique_ptr<Source> PullSecretsSource(const Options& options);

}  // namespace tagdrift::credentials
