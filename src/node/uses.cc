#include "uses.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>

#include "names.h"

namespace tagdrift::node {
namespace {

facts::ContainerUse UseBy(const facts::Container& container, facts::UseBasis basis) {
  return {.id = container.id,
          .name = container.name,
          .pod_namespace = container.pod_namespace,
          .pod_name = container.pod_name,
          .pod_uid = container.pod_uid,
          .state = container.state,
          .basis = basis,
          .image_id = container.image_id.empty() ? container.image_ref : container.image_id};
}

/// What the container asked for, as far as its record says.
struct Asked {
  bool known = false;
  std::optional<std::string> key = std::nullopt;  ///< nothing: a name that is not in the store
};

Asked FindAsked(const facts::Container& container, const ImagesByKey& tags, const ImagesByKey& digests) {
  const bool by_user = !container.user_specified_image.empty();
  const std::string& text = by_user ? container.user_specified_image : container.image;
  if (text.empty() || IsImageId(text)) return {};
  const absl::StatusOr<image::Reference> reference = image::Reference::Parse(text);
  if (!reference.ok()) return {};
  std::string key = KeyOf(*reference);
  if ((reference->digest() ? digests : tags).contains(key)) return {true, std::move(key)};
  // The runtime takes the first digits of an id for the id, but only after looking for a name.
  if (BareId(container.image_ref).starts_with(text)) return {};
  return {true};
}

/// The id of the image that the container runs. CRI-O gives a digest name instead of the id.
std::string ImageIdOf(const facts::Container& container, const ImagesByKey& digests) {
  const std::string& text = container.image_ref.empty() ? container.image : container.image_ref;
  if (IsImageId(text)) return std::string(BareId(text));
  const Name name = ReadName(text);
  if (name.kind != NameKind::kDigest) return "";
  const auto found = digests.find(KeyOf(*name.reference));
  if (found == digests.end() || !found->second.cri_image_id) return "";
  return std::string(BareId(*found->second.cri_image_id));
}

}  // namespace

UsesByKey DeriveUses(const std::vector<facts::Container>& containers, const ImagesByKey& tags,
                     const ImagesByKey& digests) {
  std::multimap<std::string, std::string> tags_by_id;
  for (const auto& [key, image] : tags) {
    if (image.cri_image_id) tags_by_id.emplace(BareId(*image.cri_image_id), key);
  }
  UsesByKey uses;
  for (const facts::Container& container : containers) {
    if (const Asked asked = FindAsked(container, tags, digests); asked.known) {
      if (asked.key) uses[*asked.key].push_back(UseBy(container, facts::UseBasis::kRequested));
      continue;
    }
    const auto [begin, end] = tags_by_id.equal_range(ImageIdOf(container, digests));
    for (auto it = begin; it != end; ++it) uses[it->second].push_back(UseBy(container, facts::UseBasis::kSameImage));
  }
  for (auto& [key, users] : uses) {
    std::sort(users.begin(), users.end(), [](const auto& a, const auto& b) {
      return std::tie(a.pod_namespace, a.pod_name, a.name, a.id) < std::tie(b.pod_namespace, b.pod_name, b.name, b.id);
    });
  }
  return uses;
}

}  // namespace tagdrift::node
