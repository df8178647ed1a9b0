#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fake_node.h"
#include "fake_registry.h"
#include "hosts/tree_folder.h"
#include "tagdrift/agent/agent.h"

namespace tagdrift::agent {

/// A node, the registry `registry.test` with a mirror that is not configured yet, and an agent over them.
class Scene {
 public:
  explicit Scene(const registry::Politeness& politeness = {}, absl::Duration request_timeout = absl::Seconds(45),
                 const std::string& state_dir = "", std::shared_ptr<const Clock> clock = SystemClock());
  /// The agent goes first.
  ~Scene() { agent.reset(); }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  /// containerd's hosts.toml of registry.test.
  void WriteHosts(const std::string& toml) { WriteHosts("registry.test", toml); }
  void WriteHosts(const std::string& registry_name, const std::string& toml) {
    root.Write("/etc/containerd/certs.d/" + registry_name + "/hosts.toml", toml);
  }
  /// The mirror is asked before the registry.
  void UseMirror();
  /// The node has the image under this name ("registry.test/app:v1"), as if it had been pulled from there.
  void Cache(const std::string& name, const SampleImage& image);

  /// Runs a round over all of the node's tags. With a failure the round is empty.
  report::Round Check(const CallContext& context = {}, const CheckOptions& options = {});
  report::ActionResult Act(const ActionRequest& request, const CallContext& context = {});

  FakeRegistry registry;
  FakeRegistry mirror;
  hosts::TreeFolder root;
  FakeNode node;
  std::unique_ptr<Agent> agent;
};

/// The name of a tag of registry.test ("app:v1").
std::string NameOf(const std::string& repository_and_tag);

/// What was said of a tag of registry.test ("app:v1"); an empty result where it is not in the round.
judge::TagResult ResultOf(const report::Round& round, const std::string& repository_and_tag);

}  // namespace tagdrift::agent
