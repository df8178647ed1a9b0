#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::credentials {

/// Whose rules decide what an entry is good for.
enum class Reader {
  kDocker,
  kKubelet,  ///< knows user names and passwords only
};

enum class ConfigForm {
  kConfigJson,   ///< `auths` and the helpers beside it
  kBareMap,      ///< what would be below `auths`
  kAsItAppears,  ///< a bare map where nothing but entries is in it
};

/// A key as its owner wrote it ("https://index.docker.io/v1/") and what it opens.
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
  std::vector<std::string> complaints;
};

/// Errors: InvalidArgument saying what is wrong (no JSON, no object), never a value.
absl::StatusOr<DockerConfig> ParseDockerConfig(std::string_view text, ConfigForm form, Reader reader);

}  // namespace tagdrift::credentials
