#include "mirror_advice.h"

namespace tagdrift::report {
namespace {

/// Where Spegel's chart has its mirror listen on each node.
bool IsSpegel(const hosts::RegistryHost& host) {
  return host.scheme == "http" && (host.host.ends_with(":30020") || host.host.ends_with(":30021"));
}

}  // namespace

std::string HowToPurge(hosts::Product product) {
  switch (product) {
    case hosts::Product::kHarbor:
      return "Harbor asks its upstream about each tag unless that is marked unhealthy or limits it: look at the "
             "registry endpoint of the proxy-cache project, or remove the tag there";
    case hosts::Product::kNexus:
      return "in Nexus, invalidate the cache of the proxy repository, or lower its maximum component age";
    case hosts::Product::kArtifactory:
      return "in Artifactory, zap the caches of the remote repository, or lower its metadata retrieval cache period";
    case hosts::Product::kSpegel:
      return "Spegel asks no registry, it serves what a node has: once the nodes that have the tag are refreshed, it "
             "is "
             "right";
    case hosts::Product::kDistribution:
      return "a pull-through cache of this kind asks its upstream about each tag and serves its copy where that fails: "
             "its log says why; a copy that is pushed there has to be pushed again";
    case hosts::Product::kUnknown:
      return "purge the tag from its cache, or bring the new image there";
  }
  return "";
}

std::string WhoWrites(std::string_view file, std::string_view runtime_version, const hosts::RegistryHost* host,
                      hosts::Product product) {
  if (file.empty()) return "";
  if (file.starts_with("/var/lib/rancher/k3s/")) {
    return "k3s writes this file anew when it starts: change /etc/rancher/k3s/registries.yaml";
  }
  if (file.starts_with("/var/lib/rancher/rke2/")) {
    return "RKE2 writes this file anew when it starts: change /etc/rancher/rke2/registries.yaml";
  }
  if (file.starts_with("/etc/cri/conf.d/")) {
    return "Talos writes this file: change the registries of its machine configuration";
  }
  if (runtime_version.find("bottlerocket") != std::string_view::npos) {
    return "Bottlerocket writes this file: change settings.container-registry";
  }
  if (product == hosts::Product::kSpegel || (host != nullptr && IsSpegel(*host))) {
    return "Spegel writes this file: its own switch is --resolve-tags=false (spegel.resolveTags in its chart)";
  }
  return "";
}

}  // namespace tagdrift::report
