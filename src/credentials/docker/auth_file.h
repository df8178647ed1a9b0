#pragma once

#include <memory>
#include <string>

#include "credentials/docker/credential_helpers.h"
#include "credentials/source.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// A docker `config.json`, containers `auth.json` or `.dockercfg` that the operator names. A helper that fails leaves
/// an entry of `auths` in use. Reads nothing yet. Its errors name the file.
std::unique_ptr<Source> AuthFileSource(const std::string& path, const Options& options,
                                       std::shared_ptr<Helpers> helpers);

}  // namespace tagdrift::credentials
