#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "absl/time/time.h"
#include "image_id.h"
#include "tagdrift/judge/containers.h"

namespace tagdrift::judge {
namespace {

/// "sha256:…"; empty for what is no image id.
std::string IdFrom(const std::string& text) {
  const auto id = ImageIdFrom(text);
  return id ? id->text() : "";
}

std::optional<image::Reference> ReferenceFrom(const std::string& text) {
  if (text.empty() || !IdFrom(text).empty()) return std::nullopt;
  const auto reference = image::Reference::Parse(text);
  return reference.ok() ? std::optional(*reference) : std::nullopt;
}

/// Resolves the containers of one node.
class Resolver {
 public:
  explicit Resolver(const facts::Node& node) : node_(node) {
    for (const auto* images : {&node.images, &node.other_digests}) {
      for (const facts::CachedImage& image : *images) AddName(image);
    }
    const std::vector<facts::Pod>& pods = node.pods.pods;
    for (std::size_t i = 0; i < pods.size(); ++i) {
      if (const std::string& uid = facts::UidOnNode(pods[i]); !uid.empty()) pods_.emplace(uid, i);
    }
    for (const facts::Sandbox& sandbox : node.sandboxes) {
      if (sandbox.state == "not ready") ended_sandboxes_.insert(sandbox.id);
    }
    for (const facts::Container& container : node.containers) {
      const facts::Container*& newest = newest_.try_emplace(KeyOf(container), &container).first->second;
      if (IsOlder(*newest, container)) newest = &container;
    }
  }

  ContainerRequest Resolve(std::size_t index) const {
    const facts::Container& container = node_.containers[index];
    ContainerRequest request{.container = index, .image_id = ImageIdOf(container)};
    FindSpec(container, request);
    FindReferences(container, request);
    request.superseded = newest_.at(KeyOf(container)) != &container;
    request.pod_terminating =
        ended_sandboxes_.contains(container.sandbox_id) || (request.pod && node_.pods.pods[*request.pod].terminating);
    request.decides =
        container.state == "running" && !request.superseded && !request.pod_terminating && HasCountedRole(request);
    return request;
  }

 private:
  using Key = std::pair<std::string_view, std::string_view>;

  /// Containers that run outside of Kubernetes have a sandbox only.
  static Key KeyOf(const facts::Container& container) {
    return {container.pod_uid.empty() ? container.sandbox_id : container.pod_uid, container.name};
  }

  /// In one sandbox the kubelet counts the attempts; times are the node's clock's, which may have been set back.
  static bool IsOlder(const facts::Container& a, const facts::Container& b) {
    if (a.sandbox_id == b.sandbox_id && a.attempt != b.attempt) return a.attempt < b.attempt;
    return std::tuple(a.created_at.value_or(absl::InfinitePast()), a.attempt) <
           std::tuple(b.created_at.value_or(absl::InfinitePast()), b.attempt);
  }

  void AddName(const facts::CachedImage& image) {
    names_.emplace(image.reference.Canonical(), &image);
    if (image.reference.digest()) return;
    if (image.cri_image_id) tags_by_id_[IdFrom(*image.cri_image_id)].push_back(&image);
    tags_by_repository_[image.reference.Name()].push_back(&image);
  }

  /// CRI-O gives a digest name instead of the id.
  std::string ImageIdOf(const facts::Container& container) const {
    std::string text = container.image_id.empty() ? container.image_ref : container.image_id;
    if (text.empty()) text = container.image;
    if (std::string id = IdFrom(text); !id.empty()) return id;
    const auto reference = ReferenceFrom(text);
    if (!reference || !reference->digest()) return "";
    const auto found = names_.find(reference->Canonical());
    const bool known = found != names_.end() && found->second->cri_image_id;
    return known ? IdFrom(*found->second->cri_image_id) : "";
  }

  void FindSpec(const facts::Container& container, ContainerRequest& request) const {
    const auto pod = pods_.find(container.pod_uid);
    if (pod == pods_.end()) return;
    request.pod = pod->second;
    const std::vector<facts::PodContainer>& specs = node_.pods.pods[pod->second].containers;
    const auto spec = std::ranges::find(specs, container.name, &facts::PodContainer::name);
    if (spec != specs.end()) request.spec = static_cast<std::size_t>(spec - specs.begin());
  }

  bool HasCountedRole(const ContainerRequest& request) const {
    if (!request.spec) return true;
    switch (node_.pods.pods[*request.pod].containers[*request.spec].role) {
      case facts::ContainerRole::kMain:
      case facts::ContainerRole::kSidecar:
        return true;
      case facts::ContainerRole::kInit:
      case facts::ContainerRole::kEphemeral:
        return false;
    }
    return true;
  }

  void FindReferences(const facts::Container& container, ContainerRequest& request) const {
    if (const auto told = ReferenceFrom(container.user_specified_image)) {
      Ask(RequestSource::kRuntime, *told, request);
    } else if (const auto given = GivenName(container, request.image_id)) {
      Ask(RequestSource::kRuntime, *given, request);
    } else if (const auto written = ReferenceFrom(ImageInSpec(request))) {
      Ask(RequestSource::kPodSpec, *written, request);
    } else {
      if (const auto recorded = ReferenceFrom(container.recorded_image)) {
        Ask(RequestSource::kRecord, *recorded, request);
        AddMovedTags(container, *recorded, request);
      }
      AddTagsOfImage(request);
    }
  }

  static void Ask(RequestSource source, const image::Reference& reference, ContainerRequest& request) {
    request.source = source;
    request.references.push_back(reference);
  }

  /// The name that the container was made with, where it is none of an image's id or the id's first digits.
  std::optional<image::Reference> GivenName(const facts::Container& container, const std::string& image_id) const {
    const auto reference = ReferenceFrom(container.image);
    if (!reference || names_.contains(reference->Canonical())) return reference;
    const std::string_view hex = std::string_view(image_id).substr(std::min(image_id.find(':') + 1, image_id.size()));
    return hex.starts_with(container.image) ? std::nullopt : reference;
  }

  std::string ImageInSpec(const ContainerRequest& request) const {
    return request.spec ? node_.pods.pods[*request.pod].containers[*request.spec].image : "";
  }

  void AddTagsOfImage(ContainerRequest& request) const {
    const auto tags = tags_by_id_.find(request.image_id);
    if (tags == tags_by_id_.end()) return;
    for (const facts::CachedImage* tag : tags->second) Add(tag->reference, request);
  }

  /// The image may have had these names too when the container was made: they have moved since.
  void AddMovedTags(const facts::Container& container, const image::Reference& recorded,
                    ContainerRequest& request) const {
    const auto tags = tags_by_repository_.find(recorded.Name());
    if (tags == tags_by_repository_.end() || !container.created_at) return;
    for (const facts::CachedImage* tag : tags->second) {
      const bool was_here = tag->created_at && *tag->created_at < *container.created_at;
      if (was_here && tag->updated_at && *tag->updated_at > *container.created_at) Add(tag->reference, request);
    }
  }

  static void Add(const image::Reference& reference, ContainerRequest& request) {
    if (std::ranges::find(request.references, reference) != request.references.end()) return;
    request.references.push_back(reference);
  }

  const facts::Node& node_;
  std::unordered_map<std::string, const facts::CachedImage*> names_;
  std::unordered_map<std::string, std::vector<const facts::CachedImage*>> tags_by_id_;
  std::unordered_map<std::string, std::vector<const facts::CachedImage*>> tags_by_repository_;
  std::unordered_map<std::string, std::size_t> pods_;  ///< by uid on the node
  std::set<std::string_view> ended_sandboxes_;
  std::map<Key, const facts::Container*> newest_;
};

facts::ContainerUse UseBy(const facts::Container& container, const ContainerRequest& request) {
  const bool known = request.source == RequestSource::kRuntime || request.source == RequestSource::kPodSpec;
  return {.id = container.id,
          .name = container.name,
          .pod_namespace = container.pod_namespace,
          .pod_name = container.pod_name,
          .pod_uid = container.pod_uid,
          .state = container.state,
          .basis = known ? facts::UseBasis::kRequested : facts::UseBasis::kSameImage,
          .image_id = request.image_id,
          .decides = request.decides};
}

auto OrderOf(const facts::ContainerUse& use) { return std::tie(use.pod_namespace, use.pod_name, use.name, use.id); }

void SortUses(facts::CachedImage& image) {
  std::ranges::sort(image.used_by, [](const auto& a, const auto& b) { return OrderOf(a) < OrderOf(b); });
}

/// Those that a container asked for are images.
void MoveUsedDigests(facts::Node& node) {
  const auto used = std::stable_partition(node.other_digests.begin(), node.other_digests.end(),
                                          [](const facts::CachedImage& image) { return image.used_by.empty(); });
  if (used == node.other_digests.end()) return;
  std::move(used, node.other_digests.end(), std::back_inserter(node.images));
  node.other_digests.erase(used, node.other_digests.end());
  std::ranges::sort(node.images, {}, [](const facts::CachedImage& image) { return image.reference.Canonical(); });
}

}  // namespace

std::vector<ContainerRequest> ContainerRequests(const facts::Node& node) {
  const Resolver resolver(node);
  std::vector<ContainerRequest> requests;
  requests.reserve(node.containers.size());
  for (std::size_t i = 0; i < node.containers.size(); ++i) requests.push_back(resolver.Resolve(i));
  return requests;
}

std::vector<facts::CachedImage> AssignUses(const std::vector<ContainerRequest>& requests, facts::Node& node) {
  std::map<image::Reference, facts::CachedImage*> names;
  for (auto* images : {&node.images, &node.other_digests}) {
    for (facts::CachedImage& image : *images) {
      image.used_by.clear();
      names.emplace(image.reference, &image);
    }
  }
  std::map<image::Reference, facts::CachedImage> absent;
  for (const ContainerRequest& request : requests) {
    for (const image::Reference& reference : request.references) {
      const auto found = names.find(reference);
      facts::CachedImage& image = found != names.end()
                                      ? *found->second
                                      : absent.try_emplace(reference, facts::CachedImage{reference}).first->second;
      image.used_by.push_back(UseBy(node.containers[request.container], request));
    }
  }
  for (auto& [reference, image] : names) SortUses(*image);
  MoveUsedDigests(node);
  std::vector<facts::CachedImage> asked_for;
  for (auto& [reference, image] : absent) {
    SortUses(image);
    asked_for.push_back(std::move(image));
  }
  return asked_for;
}

}  // namespace tagdrift::judge
