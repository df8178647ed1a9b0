#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

#include "containers.h"
#include "names.h"
#include "tagdrift/node/inventory.h"

namespace tagdrift::node {
namespace {

std::string ReadCpuInfo() {
  constexpr std::size_t kEnough = 1 << 16;
  std::ifstream file("/proc/cpuinfo", std::ios::binary);
  std::string text(kEnough, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

void Introduce(facts::Node& node) {
  utsname machine = {};
  if (::uname(&machine) != 0) return;
  node.name = machine.nodename;
  node.platform = image::HostPlatform(machine.machine, ReadCpuInfo());
}

absl::Status ReadContainers(CriClient& cri, const CallContext& context, Snapshot& snapshot) {
  auto containers = cri.ListContainers(context);
  if (!containers.ok()) return containers.status();
  auto sandboxes = cri.ListPodSandbox(context);
  if (!sandboxes.ok()) return sandboxes.status();
  snapshot.containers = *std::move(containers);
  snapshot.sandboxes = *std::move(sandboxes);
  return absl::OkStatus();
}

/// Kubelets give the image id at creation; older runtimes keep nothing else.
bool TellsOnlyTheImage(const CriContainer& container) {
  return container.user_specified_image.empty() && IsImageId(container.image);
}

/// What containerd recorded is a hint: without it there is less to say, and nothing fails.
absl::Status ReadContainerRecords(ContainerdClient& containerd, const CallContext& context, Snapshot& snapshot) {
  if (std::ranges::none_of(snapshot.containers, TellsOnlyTheImage)) return absl::OkStatus();
  auto records = containerd.ListContainers(context);
  if (records.ok()) snapshot.container_records = *std::move(records);
  return context.Ended(std::chrono::steady_clock::now()) ? records.status() : absl::OkStatus();
}

}  // namespace

absl::StatusOr<facts::Node> ReadNode(CriClient& cri, ContainerdClient& containerd, const CriVersion& version,
                                     bool with_containers, const CallContext& context) {
  Snapshot snapshot;
  absl::Status store;
  if (auto records = containerd.ListImages(context); records.ok()) {
    snapshot.records = *std::move(records);
  } else if (context.Ended(std::chrono::steady_clock::now())) {
    return records.status();
  } else {
    store = records.status();
  }
  auto images = cri.ListImages(context);
  if (!images.ok()) return images.status();
  snapshot.cri_images = *std::move(images);
  if (with_containers) {
    if (absl::Status status = ReadContainers(cri, context, snapshot); !status.ok()) return status;
    if (snapshot.records) {
      if (absl::Status status = ReadContainerRecords(containerd, context, snapshot); !status.ok()) return status;
    }
  }
  facts::Node node = Join(snapshot);
  Introduce(node);
  node.runtime.name = version.runtime_name;
  node.runtime.version = version.runtime_version;
  node.runtime.has_image_store = store.ok();
  if (!store.ok()) {
    node.runtime.store_error = std::string(store.message());
    node.notes.push_back("containerd's image store could not be read (" + node.runtime.store_error +
                         "): the CRI alone does not say which digest each tag points to");
  }
  return node;
}

absl::Status ReadContainersAgain(CriClient& cri, ContainerdClient& containerd, const CallContext& context,
                                 facts::Node& node) {
  Snapshot snapshot;
  if (absl::Status status = ReadContainers(cri, context, snapshot); !status.ok()) return status;
  if (node.runtime.has_image_store) {
    if (absl::Status status = ReadContainerRecords(containerd, context, snapshot); !status.ok()) return status;
  }
  node.containers = ContainersOf(snapshot.containers, snapshot.sandboxes, snapshot.container_records);
  node.sandboxes = SandboxesOf(snapshot.sandboxes);
  return absl::OkStatus();
}

}  // namespace tagdrift::node
