#include "lab.h"

#include "failure.h"
#include "lab_files.h"

namespace tagdrift::lab {

Lab::Lab(const std::string& version) : upstream_("upstream"), mirror_("mirror") {
  upstream_.Push("pause", "1", MakeImage({.text = "pause", .runnable = true}));
  containerd_ = std::make_unique<Containerd>(version, upstream_.host() + "/pause:1");
  containerd_->SetHosts(upstream_.host(), "", {{.url = upstream_.url()}});
  cri_ = std::make_unique<Cri>(containerd_->endpoint());
}

void Lab::Import(const std::string& name, const Artifact& artifact) {
  const std::string archive = LabRoot() + "/import.tar";
  WriteFile(archive, ImageLayout(name, artifact));
  containerd_->Ctr({"images", "import", "--no-unpack", "--all-platforms", archive});
}

}  // namespace tagdrift::lab
