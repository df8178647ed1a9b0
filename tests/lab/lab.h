#pragma once

#include <memory>
#include <string>

#include "containerd.h"
#include "cri.h"
#include "registry.h"

namespace tagdrift::lab {

/// One node and the registries around it, shared by the tests of one executable. Tests keep out of each other's way by
/// a registry name and repository of their own.
class Lab {
 public:
  explicit Lab(const std::string& version);

  Containerd& containerd() { return *containerd_; }
  Cri& cri() { return *cri_; }
  /// Where images are pushed to.
  Registry& upstream() { return upstream_; }
  /// A second registry, which holds whatever a test leaves there.
  Registry& mirror() { return mirror_; }

  /// Brings `artifact` into the node under `name`, without any registry.
  void Import(const std::string& name, const Artifact& artifact);

 private:
  Registry upstream_;
  Registry mirror_;
  std::unique_ptr<Containerd> containerd_;
  std::unique_ptr<Cri> cri_;
};

}  // namespace tagdrift::lab
