#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tagdrift/agent/content_memory.h"
#include "tagdrift/agent/selection.h"
#include "tagdrift/hosts/file_tree.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/hosts/registry_host.h"
#include "tagdrift/node/runtime.h"
#include "tagdrift/registry/client.h"
#include "tagdrift/report/round.h"

namespace tagdrift::agent {

/// What one round looks at and whom it may ask.
struct CheckOptions {
  Selection selection;
  /// Instead of a selection: names to ask about that this node does not have.
  std::vector<image::Reference> uncached;
  bool all_hosts = false;
  bool ask_local = false;
  /// The operator's origins, by registry.
  std::map<std::string, hosts::RegistryHost> origins;
  absl::Time deadline = absl::InfiniteFuture();
};

/// Everything a round reads from; owned by the caller and used by one round at a time.
struct Sources {
  node::RuntimeClients* runtime;
  const hosts::FileTree* tree;
  hosts::RegistrySettings settings;
  facts::Node node;  ///< as read by ReadNode
  image::Platform platform;
  registry::Client* registry;
  std::function<absl::Time()> now;
  ContentMemory* known = nullptr;  ///< what earlier rounds fetched; null: nothing is kept
};

/// Called from the round's own thread after each tag that is settled.
using Progress = std::function<void(std::size_t done, std::size_t total)>;

/// One round: select, ask, judge, look again before anything but fresh is reported. At the deadline it ends with what
/// it has. Errors: a pattern matches nothing; the node could not be read.
absl::StatusOr<report::Round> Check(Sources sources, const CheckOptions& options, const Progress& progress,
                                    std::stop_token stop);

}  // namespace tagdrift::agent
