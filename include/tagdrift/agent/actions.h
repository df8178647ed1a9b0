#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>

#include "absl/time/time.h"
#include "tagdrift/agent/content_memory.h"
#include "tagdrift/hosts/file_tree.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/node/runtime.h"
#include "tagdrift/registry/client.h"
#include "tagdrift/registry/credentials.h"
#include "tagdrift/report/action.h"

/// Actions: planned from fresh facts, done under a node-wide lock per tag, verified on the node.
namespace tagdrift::agent {

/// Room that actions under way are going to need on the node's image file system; one for all of them.
struct DiskClaims {
  std::mutex mutex;
  std::int64_t bytes = 0;
};

/// Everything an action works with; owned by the caller.
struct ActionSources {
  node::RuntimeClients* runtime;
  const hosts::FileTree* tree;
  hosts::RegistrySettings settings;
  image::Platform platform;
  registry::Client* registry;
  const registry::CredentialSource* credentials;
  std::string sandbox_image;  ///< canonical reference; empty where it is not known
  std::function<absl::Time()> now;
  ContentMemory* known = nullptr;  ///< what was fetched already; null: nothing is kept
  DiskClaims* claims = nullptr;    ///< null: no other action is under way
};

struct ActionRequest {
  judge::ActionKind action = judge::ActionKind::kRefresh;
  image::Reference reference;
  judge::ActionOptions options;
  std::map<std::string, hosts::RegistryHost> origins;  ///< the operator's, by registry
  int disk_threshold = 85;                             ///< percent
  bool apply = false;                                  ///< false: the plan only
  absl::Time deadline = absl::InfiniteFuture();
  /// How long the CRI may take to follow a change of containerd's image store; milliseconds as a rule.
  absl::Duration patience = absl::Seconds(10);
};

struct ActionProgress {
  enum class Phase { kWaiting, kPulling, kVerifying };
  std::string reference;
  Phase phase = Phase::kPulling;
  std::int64_t bytes_done = 0;
  std::int64_t bytes_total = 0;
};

/// What an action tells while it works; called from the thread that carries it out.
struct ActionHooks {
  std::function<void(const report::ActionResult& planned)> planned;  ///< before anything is done
  std::function<void(const ActionProgress&)> progress;
  std::function<void(const std::string& line)> audit;  ///< one line per change of the node
};

/// One action from the facts to the verified outcome. With `apply` it holds the tag's lock from before the facts are
/// read. At `stop` it ends before the tag is touched, or not until it is verified. Never fails: what could not be done
/// is the outcome.
report::ActionResult Act(const ActionSources& sources, const ActionRequest& request, const ActionHooks& hooks,
                         std::stop_token stop);

}  // namespace tagdrift::agent
