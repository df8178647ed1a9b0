#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "call_gate.h"
#include "node/temporary_folder.h"
#include "registry/test_server.h"
#include "scripted_image.h"
#include "scripted_node.h"

namespace tagdrift::cli {

/// A node that has an old image of a tag, and a registry where the tag has moved on. The repository's name is long, so
/// that no report fits into a pipe of a page.
class ScriptedScene {
 public:
  /// The call with this number, of node and registry together, hangs; 0: none. `wants_login`: the registry asks for a
  /// password, and takes none.
  explicit ScriptedScene(int hanging_call = 0, CallGate::Hang hang = CallGate::Hang::kUndone, bool wants_login = false);
  ~ScriptedScene();
  ScriptedScene(const ScriptedScene&) = delete;
  ScriptedScene& operator=(const ScriptedScene&) = delete;

  /// `command` with the options that lead it to this scene.
  std::vector<std::string> Arguments(const std::string& command, const std::vector<std::string>& more) const;

  /// "127.0.0.1:port".
  std::string registry() const { return registry_->Authority(); }
  /// With the registry.
  std::string repository() const { return registry() + "/team/" + std::string(200, 'a'); }
  /// The tag's reference.
  std::string tag() const { return repository() + ":v1"; }
  const ScriptedImage& old_image() const { return old_; }
  const ScriptedImage& new_image() const { return new_; }
  CallGate& gate() { return gate_; }
  ScriptedNode& node() { return node_; }
  const ScriptedNode& node() const { return node_; }
  const node::TemporaryFolder& folder() const { return folder_; }

 private:
  registry::Scripted Answer(const registry::Received& request);

  node::TemporaryFolder folder_;
  ScriptedImage old_ = MakeScriptedImage("old", "2024-01-01T00:00:00Z");
  ScriptedImage new_ = MakeScriptedImage("new", "2024-02-01T00:00:00Z");
  CallGate gate_;
  ScriptedNode node_;
  bool wants_login_;
  std::unique_ptr<registry::TestServer> registry_;
};

}  // namespace tagdrift::cli
