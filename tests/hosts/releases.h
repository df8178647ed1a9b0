#pragma once

#include "tagdrift/hosts/containerd_version.h"

namespace tagdrift::hosts {

/// Releases that differ in their rules.
constexpr ContainerdVersion k16{1, 6, 20};
constexpr ContainerdVersion k17{1, 7, 34};
constexpr ContainerdVersion k21{2, 1, 9};
constexpr ContainerdVersion k23{2, 3, 4};

constexpr const char* kMain = "/etc/containerd/config.toml";

}  // namespace tagdrift::hosts
