#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "node_options.h"
#include "tagdrift/agent/check.h"
#include "tagdrift/agent/content_memory.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/hosts/file_tree.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/node/runtime.h"
#include "tagdrift/registry/client.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::cli {

/// Requests a stop when it goes.
class StopWhenGone {
 public:
  StopWhenGone() = default;
  StopWhenGone(StopWhenGone&&) = default;
  StopWhenGone& operator=(StopWhenGone&&) = delete;
  ~StopWhenGone() { source_.request_stop(); }

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
};

/// Everything that a command on this node works with.
struct Session {
  hosts::FileTree tree;
  node::RuntimeClients runtime;
  facts::Node node;
  image::Platform platform;
  hosts::RegistrySettings settings;
  std::shared_ptr<const registry::CredentialSource> credentials;
  std::unique_ptr<registry::Client> registry;
  std::unique_ptr<agent::ContentMemory> known;
  std::string sandbox_image;  ///< canonical reference; empty where it is not known
  StopWhenGone stop;          ///< last: ends programs that look for credentials before the client waits for them
};

/// Connects to the runtime, reads the node and builds the registry client: the one place where the parts are put
/// together. Errors: one line that says what to do.
absl::StatusOr<Session> OpenSession(const NodeOptions& options, bool with_containers);

}  // namespace tagdrift::cli
