#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "node/fake_containerd.h"
#include "node/fake_cri.h"
#include "tagdrift/node/runtime.h"

namespace tagdrift::agent {

/// A node in memory. Its image store, leases and events behave as containerd's do; the CRI follows changes at once
/// unless told otherwise. Hooks let somebody else act at one moment.
struct FakeNode {
  FakeNode();

  /// An image with one layer, complete in the content store. Answers its digest; `ids` maps it to its image id.
  image::Digest AddImage(const std::string& text);
  /// Points a name to a digest, as anybody may.
  void SetName(const std::string& name, const image::Digest& digest);
  void RemoveName(const std::string& name);
  /// Empty where there is no such name.
  std::string Target(const std::string& name) const;

  node::RuntimeClients clients;
  node::FakeContainerd* store;
  node::FakeCri* cri;
  std::map<std::string, std::string> ids;      ///< image id by target
  std::map<std::string, image::Digest> layer;  ///< of each target
  std::map<std::string, node::Lease> leases;
  std::set<std::string> snapshots;  ///< "SNAPSHOTTER KEY"
  std::map<std::string, std::vector<node::ImageEvent>> changes;
  bool cri_follows = true;
  absl::Status watch_fails;
  absl::Status next_point_to;  ///< answered instead of OK, although it was done
  std::function<void()> on_pull = [] {};
  std::function<void()> before_point_to = [] {};
  std::function<void()> after_point_to = [] {};
  std::function<void()> on_hold = [] {};
  absl::Status pull_result;

 private:
  class Containerd;
  class Cri;
  class Watch;

  void Follow();
};

}  // namespace tagdrift::agent
