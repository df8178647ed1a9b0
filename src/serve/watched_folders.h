#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tagdrift/report/round.h"

namespace tagdrift::serve {

/// Folders of the node in which a change may change what containerd asks: those of its configuration, the roots of host
/// directories with all of these, and those of certificates. `host_root` is where the node's root is mounted.
std::vector<std::string> WatchedFolders(const report::Round& round, const std::string& host_root);

/// What rounds like this one ask of registries in an hour, on so many nodes, in one line for people.
std::string LoadOf(const report::Round& round, absl::Duration interval, int unused_every);

}  // namespace tagdrift::serve
