#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "kube/identity.h"

namespace tagdrift::kube {

/// The current context of the kubeconfig `path` (absolute; files that it names may be relative to its folder). Errors
/// say what is wrong and what to do, without the file's name: an exec plugin or another way to log in that is not
/// supported, a server without https or whose certificate is not to be verified, a name that leads nowhere.
absl::StatusOr<Identity> ReadKubeconfig(const std::string& path, const hosts::FileTree& files);

}  // namespace tagdrift::kube
