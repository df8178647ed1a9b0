#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "agent/sample_image.h"
#include "node/fake_containerd.h"
#include "node/fake_cri.h"
#include "tagdrift/node/runtime.h"

namespace tagdrift::agent {

/// A node in memory. Its image store, leases and events behave as containerd's do; the CRI follows changes at once
/// unless told otherwise. Hooks let somebody else act at one moment. Calls may come from several threads; the fields
/// are for one thread, or under `Lock`.
struct FakeNode {
  FakeNode();

  std::unique_lock<std::recursive_mutex> Lock() const { return std::unique_lock(*store->mutex); }

  /// An image with one layer, complete in the content store. Answers its digest; `ids` maps it to its image id.
  image::Digest AddImage(const std::string& text);
  /// The same; `source` ("registry.test/app") is where it came from, empty: built here.
  void AddImage(const SampleImage& image, const std::string& source = "");
  /// True if manifest, config and layer are here.
  bool IsComplete(const image::Digest& digest) const;
  /// Points a name to a digest, as anybody may.
  void SetName(const std::string& name, const image::Digest& digest);
  void RemoveName(const std::string& name);
  /// Has a registry offer an image, made by AddImage, under `reference`: a pull of it makes the names that containerd's
  /// makes. As long as nothing is offered, each pull just succeeds.
  void Offer(const std::string& reference, const image::Digest& digest);
  /// Empty where there is no such name.
  std::string Target(const std::string& name) const;
  /// How often the name was changed, by anybody.
  std::size_t Changes(const std::string& name) const;
  /// Has a registry deliver an image that is not here to pulls by its digest.
  void LetPull(const SampleImage& image);

  node::RuntimeClients clients;
  node::FakeContainerd* store;
  node::FakeCri* cri;
  std::map<std::string, std::string> ids;         ///< image id by target
  std::map<std::string, image::Digest> layer;     ///< of each target
  std::map<std::string, image::Digest> offered;   ///< by reference
  std::map<std::string, SampleImage> deliveries;  ///< what pulls bring, by digest
  std::map<std::string, node::Lease> leases;
  std::set<std::string> snapshots;  ///< "SNAPSHOTTER KEY"
  std::map<std::string, std::vector<node::ImageEvent>> changes;
  std::shared_ptr<node::FakeCalls> calls;  ///< of all clients
  bool cri_follows = true;
  bool deletes_any_target = false;  ///< as containerd 1.x: DeleteName does not look where the name points
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
  class Following;

  /// Tells those who follow the node.
  void Tell();

  std::condition_variable_any told_;
  int tellings_ = 0;  ///< under Lock

  std::string Pull(const std::string& reference, const image::Digest& digest);
  void Follow();
};

}  // namespace tagdrift::agent
