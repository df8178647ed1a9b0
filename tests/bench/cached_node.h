#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../lab/artifact.h"
#include "../lab/lab.h"
#include "../lab/lab_files.h"
#include "../registry/test_certificates.h"
#include "blob_registry.h"

namespace tagdrift::bench {

/// A real containerd with as many tags as wanted, all of them fresh, of four registries.
class CachedNode {
 public:
  static constexpr int kRegistries = 4;

  /// The first `images` tags are pulled, of as many images; those beyond are further names of these.
  explicit CachedNode(int images);

  /// Makes it this many tags. Returns once the CRI lists them all.
  void GrowTo(int tags);
  /// Points the tag of this number to the image that another was pulled with, in containerd's image store.
  void Repoint(int tag, int to);

  const std::string& containerd_version() { return lab_.containerd().version(); }
  std::string endpoint() { return lab_.containerd().endpoint(); }
  std::string Reference(int tag) const { return RegistryOf(tag) + "/" + NameOf(tag); }
  /// What each registry was asked since the last call.
  std::vector<BlobRegistry::Seen> TakeSeen();

 private:
  int ImageOf(int tag) const { return tag % images_; }
  std::string RegistryOf(int tag) const;
  std::string NameOf(int tag) const;
  void Pull(int from, int to);
  void AddNames(int from, int to);
  void UseRegistries();

  const int images_;
  int tags_ = 0;
  lab::Lab lab_;
  registry::TestAuthority authority_;
  const std::string ca_ = lab::LabRoot() + "/bench-ca.crt";
  std::vector<std::unique_ptr<BlobRegistry>> registries_;
  std::vector<lab::Artifact> artifacts_;  ///< by image
};

}  // namespace tagdrift::bench
