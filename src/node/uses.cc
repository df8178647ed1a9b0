#include "uses.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>

#include "names.h"

namespace tagdrift::node {
namespace {

using SandboxById = std::map<std::string_view, const CriSandbox*>;

std::string FirstOf(const std::map<std::string, std::string>& labels, const std::string& key,
                    const std::string& otherwise) {
  const auto found = labels.find(key);
  return found == labels.end() || found->second.empty() ? otherwise : found->second;
}

facts::ContainerUse MakeUse(const CriContainer& container, const SandboxById& sandboxes) {
  static const CriSandbox kNone;
  const auto found = sandboxes.find(container.sandbox_id);
  const CriSandbox& sandbox = found == sandboxes.end() ? kNone : *found->second;
  facts::ContainerUse use;
  use.id = container.id;
  use.name = container.name;
  use.pod_name = FirstOf(container.labels, "io.kubernetes.pod.name", sandbox.pod_name);
  use.pod_namespace = FirstOf(container.labels, "io.kubernetes.pod.namespace", sandbox.pod_namespace);
  use.pod_uid = FirstOf(container.labels, "io.kubernetes.pod.uid", sandbox.pod_uid);
  use.state = container.state;
  return use;
}

facts::CachedImage* Find(ImagesByKey& images, const std::string& key) {
  const auto found = images.find(key);
  return found == images.end() ? nullptr : &found->second;
}

/// What the container asked for, as far as its record says.
struct Asked {
  bool known = false;
  facts::CachedImage* image = nullptr;  ///< null: a name that is not in the store
};

Asked FindAsked(const CriContainer& container, ImagesByKey& tags, ImagesByKey& digests) {
  const bool by_user = !container.user_specified_image.empty();
  const std::string& text = by_user ? container.user_specified_image : container.image;
  if (text.empty() || IsImageId(text)) return {};
  const absl::StatusOr<image::Reference> reference = image::Reference::Parse(text);
  if (!reference.ok()) return {};
  const std::string key = KeyOf(*reference);
  if (facts::CachedImage* image = Find(reference->digest() ? digests : tags, key)) return {true, image};
  // The runtime takes the first digits of an id for the id, but only after looking for a name.
  if (BareId(container.image_ref).starts_with(text)) return {};
  return {true, nullptr};
}

/// The id of the image that the container runs. CRI-O gives a digest name instead of the id.
std::string ImageIdOf(const CriContainer& container, const ImagesByKey& digests) {
  const std::string& text = container.image_ref.empty() ? container.image : container.image_ref;
  if (IsImageId(text)) return std::string(BareId(text));
  const Name name = ReadName(text);
  if (name.kind != NameKind::kDigest) return "";
  const auto found = digests.find(KeyOf(*name.reference));
  if (found == digests.end() || !found->second.cri_image_id) return "";
  return std::string(BareId(*found->second.cri_image_id));
}

void SortUses(ImagesByKey& images) {
  for (auto& [key, image] : images) {
    std::sort(image.used_by.begin(), image.used_by.end(), [](const auto& a, const auto& b) {
      return std::tie(a.pod_namespace, a.pod_name, a.name, a.id) < std::tie(b.pod_namespace, b.pod_name, b.name, b.id);
    });
  }
}

}  // namespace

void AssignUses(const Snapshot& snapshot, ImagesByKey& tags, ImagesByKey& digests) {
  SandboxById sandboxes;
  for (const CriSandbox& sandbox : snapshot.sandboxes) sandboxes.emplace(sandbox.id, &sandbox);
  std::multimap<std::string, facts::CachedImage*> tags_by_id;
  for (auto& [key, image] : tags) {
    if (image.cri_image_id) tags_by_id.emplace(BareId(*image.cri_image_id), &image);
  }
  for (const CriContainer& container : snapshot.containers) {
    facts::ContainerUse use = MakeUse(container, sandboxes);
    if (const Asked asked = FindAsked(container, tags, digests); asked.known) {
      use.basis = facts::UseBasis::kRequested;
      if (asked.image != nullptr) asked.image->used_by.push_back(use);
      continue;
    }
    const auto [begin, end] = tags_by_id.equal_range(ImageIdOf(container, digests));
    for (auto it = begin; it != end; ++it) it->second->used_by.push_back(use);
  }
  SortUses(tags);
  SortUses(digests);
}

}  // namespace tagdrift::node
