#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "credentials/docker/config.h"

namespace tagdrift::credentials {

/// A mounted secret's file.
struct SecretFile {
  std::string path;
  ConfigForm form;
};

/// `.dockerconfigjson` and `.dockercfg` in `folder`, then those in the folders in it, by name. Names that begin
/// with ".." belong to the kubelet's atomic update of a mount and are left out. Errors: it cannot be read, or holds
/// more than 100 names.
absl::StatusOr<std::vector<SecretFile>> ListSecretFiles(const std::string& folder);

}  // namespace tagdrift::credentials
