#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tagdrift/hosts/file_tree.h"

namespace tagdrift::node {

/// The environment that a systemd service is given by its unit, drop-ins and environment files (systemd.exec(5),
/// systemd.unit(5)): `name` is "containerd.service". What the manager gives to every service is not in it. Nothing:
/// there is no such unit below `tree`'s unit folders.
std::optional<std::map<std::string, std::string>> ServiceEnvironment(const hosts::FileTree& tree,
                                                                     std::string_view name);

}  // namespace tagdrift::node
