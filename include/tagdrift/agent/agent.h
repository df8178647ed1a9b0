#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "tagdrift/agent/actions.h"
#include "tagdrift/agent/check.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/call/clock.h"
#include "tagdrift/credentials/credentials.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/hosts/file_tree.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/kube/pods.h"
#include "tagdrift/node/runtime.h"
#include "tagdrift/node/settings.h"
#include "tagdrift/registry/client.h"
#include "tagdrift/report/round.h"

/// Everything that tagdrift does on a node: collect, judge, act. The command line and the daemon are shells over it.
namespace tagdrift::agent {

struct Options {
  std::string runtime_endpoint;  ///< empty: containerd's default socket below `host_root`
  std::string host_root = "/";   ///< where the node's root is mounted
  node::SettingsOverrides overrides;
  registry::Client::Options registry;
  credentials::Options credentials;
  kube::Options kube = {};
  /// Of this process. NODE_NAME names the node, proxy variables count where the runtime's cannot be read, and
  /// Kubernetes' own tell where its API server is.
  std::map<std::string, std::string> environment;
  std::string state_dir;  ///< where what is seen of tags outlives the process; empty: it does not
  std::shared_ptr<const Clock> clock = SystemClock();
};

/// containerd's registry configuration as it is now.
struct RegistryConfiguration {
  std::shared_ptr<const hosts::FileTree> tree;
  hosts::RegistrySettings settings;
  std::set<std::string> cached_registries;  ///< those of the node's images
};

/// One per process, for its whole life. Owns what outlives a round: the runtime's clients, the registry client with
/// what it remembers of endpoints, tokens and logins, credentials, caches of content, the history of tags, the disk
/// space that actions have reserved, the clock and the root of cancellation. The node, its settings, proxies and CA
/// bundle are read anew by each call.
///
/// Thread safe: any number of rounds and actions may run at the same time. They share the registry client, so that
/// rates, back-off and the throttle on refused logins hold for all of them together. Each call returns soon after its
/// context has ended, or the agent's destructor was entered, and leaves nothing behind that runs.
class Agent {
 public:
  /// Does no I/O. Errors: InvalidArgument for options that cannot be meant.
  static absl::StatusOr<std::unique_ptr<Agent>> Make(Options options);
  /// The same with other services than those behind `options.runtime_endpoint`.
  static absl::StatusOr<std::unique_ptr<Agent>> Make(Options options, node::RuntimeClients runtime);
  /// Ends the calls that are under way and waits for them.
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  /// Looks whether anything can be done at all: the node's root, the runtime, and the credentials that the options
  /// name. Errors: one line that says what to do.
  absl::Status Ready(const CallContext& context);

  /// One round: observe the node, select, ask, judge, look again before anything but fresh is reported. When the
  /// context ends while registries are asked, the round ends with what it has. Errors: a pattern matches nothing; what
  /// is named in the options cannot be read; the node cannot be read, or not before the context ended.
  absl::StatusOr<report::Round> Check(const CheckOptions& options, const CallContext& context);

  /// One action from the facts to the verified outcome. With `apply` it holds the tag's lock from before the facts are
  /// read. Never fails: what could not be done is the outcome. When the context ends before the tag is touched, nothing
  /// was changed; after that, the action is still verified or taken back, within a bound of its own (see Finishing).
  report::ActionResult Act(const ActionRequest& request, const ActionHooks& hooks, const CallContext& context);

  /// The node, of its images those that are selected. Uses neither credentials nor registries. Errors: a pattern
  /// matches nothing; the node cannot be read.
  absl::StatusOr<facts::Node> Images(const Selection& selection, const CallContext& context);

  /// Uses neither credentials nor registries. Errors: the node cannot be read.
  absl::StatusOr<RegistryConfiguration> Configuration(const CallContext& context);

  /// Calls `changed` when this begins to hear of changes of the node's images and containers, and after each, until
  /// the context ends or the runtime does; see node::NodeChanges. Errors: Unimplemented where the runtime tells none.
  absl::Status FollowNode(const std::function<void()>& changed, const CallContext& context);

  /// Calls `changed` when this begins to hear of the node's pods from the API server, and after each change, until the
  /// context ends or the watch does; see kube::PodWatch. Meanwhile rounds take pods from there instead of asking.
  /// OK, at once: so far somebody else tells of them. Errors: Unimplemented where only somebody else may be asked.
  absl::Status FollowPods(const std::function<void()>& changed, const CallContext& context);

  /// What was asked of registries so far, by all rounds and actions.
  registry::Client::Counts counts() const;

 private:
  class State;
  explicit Agent(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace tagdrift::agent
