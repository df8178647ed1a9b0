#pragma once

#include <optional>

#include "hosts/directory/host_directory.h"

namespace tagdrift::hosts {

/// Reads and checks the CA and client files that the entry names and puts them into its host. Nothing when all is well.
std::optional<Refusal> LoadTlsFiles(const FileTree& tree, HostEntry& entry);

}  // namespace tagdrift::hosts
