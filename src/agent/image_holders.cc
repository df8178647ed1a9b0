#include "image_holders.h"

namespace tagdrift::agent {
namespace {

/// Some runtimes leave the algorithm out.
std::string_view Bare(std::string_view id) { return id.starts_with("sha256:") ? id.substr(7) : id; }

}  // namespace

absl::StatusOr<std::vector<node::CriContainer>> HoldersOf(node::CriClient& cri, std::string_view image_id,
                                                          const CallContext& context) {
  auto containers = cri.ListContainers(context);
  if (!containers.ok()) return containers.status();
  std::erase_if(*containers, [image_id](const node::CriContainer& container) {
    return Bare(container.image_ref) != Bare(image_id);
  });
  return containers;
}

}  // namespace tagdrift::agent
