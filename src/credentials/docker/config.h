#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::credentials {

/// Whose rules decide which entries can be used.
enum class Reader {
  kDocker,
  kKubelet,  ///< knows user names and passwords only
};

enum class ConfigForm {
  kConfigJson,   ///< `auths` and the helpers beside it
  kBareMap,      ///< what would be below `auths`
  kAsItAppears,  ///< a bare map where there is no section of a `config.json` and something looks like an entry
};

/// A key as it is written in the file ("https://index.docker.io/v1/") and its credential.
struct Entry {
  std::string key;
  registry::Credential credential;
};

/// A docker `config.json` or `.dockercfg`.
struct DockerConfig {
  std::vector<Entry> entries;                  ///< in the file's order
  std::map<std::string, std::string> helpers;  ///< `credHelpers`: the helper's name by key
  std::string store;                           ///< `credsStore`
  /// Entries that were skipped since they cannot be used: the key and what is wrong, never a value.
  std::vector<std::string> warnings;
};

/// Errors: InvalidArgument saying what is wrong (no JSON, no object), never a value.
absl::StatusOr<DockerConfig> ParseDockerConfig(std::string_view text, ConfigForm form, Reader reader);

}  // namespace tagdrift::credentials
