#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "credentials/kubelet/image_pattern.h"

namespace tagdrift::credentials {

/// One of the kubelet's credential provider plugins.
struct Provider {
  std::string name;  ///< of the program in the bin dir
  std::vector<ImagePattern> match_images;
  absl::Duration default_cache_duration;
  std::string api_version;  ///< "credentialprovider.kubelet.k8s.io/v1"
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  /// It wants a token of a pod's service account, which only the kubelet can ask for.
  bool needs_service_account = false;
};

/// The file itself, or the `*.json`, `*.yaml` and `*.yml` files of the directory in the order of their names. Errors:
/// as ReadProviderConfig.
absl::StatusOr<std::vector<std::string>> ProviderConfigFiles(const std::string& path);

/// Reads the file, or the `*.json`, `*.yaml` and `*.yml` files of the directory in the order of their names, as
/// strictly as the kubelet does. Errors: InvalidArgument or NotFound naming the file, and the provider where one is to
/// blame.
absl::StatusOr<std::vector<Provider>> ReadProviderConfig(const std::string& path);

}  // namespace tagdrift::credentials
