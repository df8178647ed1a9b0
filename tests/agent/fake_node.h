#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "node/fake_calls.h"
#include "node/fake_containerd.h"
#include "node/fake_cri.h"
#include "sample_image.h"
#include "tagdrift/node/runtime.h"

namespace tagdrift::agent {

/// A node in memory. Its image store, leases and events behave as containerd's do; the CRI follows changes at once
/// unless told otherwise. Hooks let somebody else act at one moment. Functions and clients may be used from several
/// threads, the fields from one at a time, or under `mutex`.
struct FakeNode {
  FakeNode();

  /// An image with one layer, complete in the content store. Answers its digest; `ids` maps it to its image id.
  image::Digest AddImage(const std::string& text);
  /// The same; `source` ("registry.test/app") is where it came from, empty: built here.
  void AddImage(const SampleImage& image, const std::string& source = "");
  /// True if manifest, config and layer are here.
  bool IsComplete(const image::Digest& digest) const;
  /// Points a name to a digest, as anybody may.
  void SetName(const std::string& name, const image::Digest& digest);
  void RemoveName(const std::string& name);
  /// Empty where there is no such name.
  std::string Target(const std::string& name) const;
  /// How often the name was changed, by anybody.
  std::size_t Changes(const std::string& name) const;
  /// Lets the CRI pull the image by digest.
  void LetPull(const SampleImage& image);

  node::RuntimeClients clients;
  node::FakeContainerd* store;
  node::FakeCri* cri;
  std::shared_ptr<node::FakeCalls> calls = std::make_shared<node::FakeCalls>();  ///< of all clients
  std::shared_ptr<std::recursive_mutex> mutex = std::make_shared<std::recursive_mutex>();
  std::map<std::string, std::string> ids;         ///< image id by target
  std::map<std::string, image::Digest> layer;     ///< of each target
  std::map<std::string, SampleImage> deliveries;  ///< what pulls bring, by digest
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
