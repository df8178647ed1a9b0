#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "credentials/helper.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// A docker `config.json`, containers `auth.json` or `.dockercfg` that the operator names. A helper that fails leaves
/// an entry of `auths` in use. Errors: with the file's name.
absl::StatusOr<std::unique_ptr<registry::CredentialSource>> OpenAuthFile(const std::string& path,
                                                                         const Options& options,
                                                                         std::shared_ptr<Helpers> helpers);

}  // namespace tagdrift::credentials
