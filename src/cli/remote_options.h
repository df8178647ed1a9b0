#pragma once

#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tagdrift/remote/client.h"

namespace tagdrift::cli {

/// A running agent that is asked, instead of work on this node.
struct RemoteOptions {
  std::string agent;  ///< ADDR
  remote::TlsFiles tls;
  const CLI::App* command = nullptr;

  bool used() const { return command->count("--agent") > 0; }
};

void AddRemoteOptions(CLI::App& command, RemoteOptions& options);

/// Options of `command` that were given and say how the work on a node is done, but for those that only the environment
/// says: "--runtime-endpoint".
std::vector<std::string> GivenNodeOptions(const CLI::App& command);

/// The agent that the options name. Does no I/O. Errors: InvalidArgument naming the value, or the options that only
/// make sense on the node itself.
absl::StatusOr<remote::Client> ConnectTo(const RemoteOptions& options);

}  // namespace tagdrift::cli
