#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace tagdrift::node {

/// The arguments of process `pid`, the program's name first. Nothing: they cannot be read.
std::optional<std::vector<std::string>> CommandLine(int pid);

/// The configuration file in containerd's command line (`--config X`, `-c X`, with one or two dashes, also with `=`).
/// Nothing: none is given, or it is not containerd's.
std::optional<std::string> ConfigArgument(const std::vector<std::string>& command_line);

/// The configuration file with which the containerd behind `socket_path` was started, as an absolute path.
/// Nothing: it was given none, or that cannot be told.
std::optional<std::string> ConfigOfListener(const std::string& socket_path);

/// When process `pid` started, by the wall clock as it is now. Nothing: it cannot be told.
std::optional<absl::Time> StartedAt(int pid);

/// A time at which the containerd behind `socket_path` had read its configuration, and soon after it did: a second
/// after its process started or, where that cannot be seen, when it made the socket. Nothing: there is no socket.
std::optional<absl::Time> ConfigurationReadBy(const std::string& socket_path);

}  // namespace tagdrift::node
