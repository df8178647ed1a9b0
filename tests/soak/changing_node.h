#pragma once

#include <map>
#include <string>
#include <vector>

#include "changing_image.h"
#include "tagdrift/node/runtime.h"

namespace tagdrift::soak {

/// A node in memory whose images are others in every round. To be changed between rounds only.
class ChangingNode {
 public:
  /// Clients of this node, which must outlive them.
  node::RuntimeClients Clients();

  void Clear();
  /// As if the tag had been pulled.
  void Add(const std::string& tag, const ChangingImage& image);

 private:
  class Containerd;
  class Cri;

  struct Stored {
    std::string bytes;
    std::string source;  ///< the registry and the repository that it came from, as containerd labels it
    std::string repository;
  };

  std::vector<node::ImageRecord> records_;
  std::vector<node::CriImage> images_;
  std::map<image::Digest, Stored> blobs_;
};

}  // namespace tagdrift::soak
