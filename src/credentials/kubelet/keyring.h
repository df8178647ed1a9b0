#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "credentials/kubelet/image_pattern.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::credentials {

/// The kubelet's keyring: credentials by patterns for images.
class Keyring {
 public:
  /// A key loses its scheme and a leading /v1/ or /v2/. One that is no URL is left out.
  void Add(std::string_view key, registry::Credential credential);

  /// All that match "host/path" without tag, keys in reverse byte order (longer paths before shorter ones), equal keys
  /// in the order they came. Where none does, a Docker Hub image gets those of `index.docker.io`. The kubelet gives
  /// these to hosts without dot and colon as well; here they stay Docker Hub's.
  std::vector<registry::Credential> Find(std::string_view image) const;

  /// Of the keys.
  std::vector<std::string> Hosts() const;

 private:
  struct Slot {
    ImagePattern pattern;
    std::vector<registry::Credential> credentials;
  };
  std::map<std::string, Slot, std::greater<>> slots_;
};

/// "host/repository" as the kubelet names an image: Docker Hub's API host is `docker.io` there.
std::string ImageName(std::string_view host, std::string_view repository);

}  // namespace tagdrift::credentials
