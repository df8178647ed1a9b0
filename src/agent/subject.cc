#include "tagdrift/agent/subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "tagdrift/agent/selection.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/text/near_miss.h"
#include "tagdrift/text/text.h"

namespace tagdrift::agent {
namespace {

using report::PodName;

std::string TextOf(const PodName& pod) { return pod.namespace_name + "/" + pod.name; }

/// Nothing where the text cannot name a pod.
std::optional<PodName> ParsePod(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::size_t outside = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-./");
  const bool is_pair = slash != std::string::npos && slash > 0 && slash + 1 < text.size() && slash == text.rfind('/');
  if (!is_pair || outside != std::string::npos) return std::nullopt;
  return PodName{text.substr(0, slash), text.substr(slash + 1)};
}

std::set<std::string> PodsOf(const facts::Node& node) {
  std::set<std::string> pods;
  const auto add = [&](const std::string& namespace_name, const std::string& name) {
    if (!name.empty()) pods.insert(TextOf({namespace_name, name}));
  };
  for (const facts::Container& container : node.containers) add(container.pod_namespace, container.pod_name);
  for (const facts::Sandbox& sandbox : node.sandboxes) add(sandbox.pod_namespace, sandbox.pod_name);
  for (const facts::Pod& pod : node.pods.pods) add(pod.namespace_name, pod.name);
  return pods;
}

/// What the containers of a pod asked for, where its spec or the runtime says it.
std::set<std::string> NamesOf(const PodName& pod, const facts::Node& node) {
  std::set<std::string> names;
  const auto add = [&](const std::string& text) {
    // The id of an image parses as a name too.
    if (text.starts_with("sha256:")) return;
    const auto reference = image::Reference::Parse(text);
    if (reference.ok()) names.insert(reference->Canonical());
  };
  for (const facts::Pod& known : node.pods.pods) {
    if (PodName{known.namespace_name, known.name} != pod) continue;
    for (const facts::PodContainer& container : known.containers) add(container.image);
  }
  for (const facts::Container& container : node.containers) {
    if (PodName{container.pod_namespace, container.pod_name} != pod) continue;
    add(container.user_specified_image);
  }
  return names;
}

bool IsUsedBy(const facts::CachedImage& image, const PodName& pod) {
  return std::ranges::any_of(image.used_by, [&](const facts::ContainerUse& use) {
    return PodName{use.pod_namespace, use.pod_name} == pod;
  });
}

std::vector<facts::CachedImage> ImagesOf(const PodName& pod, const facts::Node& node) {
  std::set<std::string> names = NamesOf(pod, node);
  std::vector<facts::CachedImage> images;
  for (const facts::CachedImage& image : node.images) {
    const bool named = names.erase(image.reference.Canonical()) > 0;
    if (named || IsUsedBy(image, pod)) images.push_back(image);
  }
  for (const std::string& name : names) images.push_back({.reference = *image::Reference::Parse(name)});
  std::ranges::sort(images, {}, [](const facts::CachedImage& image) { return image.reference.Canonical(); });
  return images;
}

const facts::CachedImage* FindCached(const image::Reference& reference, const facts::Node& node) {
  for (const auto* images : {&node.images, &node.other_digests}) {
    const auto found = std::ranges::find(*images, reference, &facts::CachedImage::reference);
    if (found != images->end()) return &*found;
  }
  return nullptr;
}

/// Pods that may have been meant: one whose name is nearly that, else those of the namespace.
std::vector<std::string> SimilarPods(const std::string& text, const std::set<std::string>& pods) {
  const std::vector<std::string_view> known(pods.begin(), pods.end());
  if (const std::string_view near = text::NearMiss(text, known); !near.empty()) return {std::string(near)};
  std::vector<std::string> similar;
  const std::string prefix = text.substr(0, text.find('/') + 1);
  std::ranges::copy_if(pods, std::back_inserter(similar),
                       [&](const std::string& pod) { return pod.starts_with(prefix); });
  return similar;
}

/// Pods of that name in whatever namespace.
std::vector<std::string> PodsCalled(const std::string& name, const std::set<std::string>& pods) {
  std::vector<std::string> called;
  std::ranges::copy_if(pods, std::back_inserter(called),
                       [&](const std::string& pod) { return pod.substr(pod.find('/') + 1) == name; });
  return called;
}

absl::Status NoPod(const std::string& why, const Subject& subject, const std::vector<std::string>& similar) {
  constexpr std::size_t kShown = 3;
  std::string here;
  for (std::size_t i = 0; i < std::min(similar.size(), kShown); ++i) here += (i > 0 ? ", " : "") + similar[i];
  if (similar.size() > kShown) here += fmt::format(" and {} more", similar.size() - kShown);
  if (!here.empty()) here = "; here are " + here;
  if (!subject.is_pod) here += "; an image of that name is " + image::Reference::Parse(subject.text)->Canonical();
  return absl::NotFoundError(why + here);
}

}  // namespace

absl::Status CheckSubject(const Subject& subject) {
  if (subject.is_pod) {
    if (ParsePod(subject.text)) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format("'{}' is no pod; write NAMESPACE/NAME", subject.text));
  }
  const auto reference = image::Reference::Parse(subject.text);
  if (reference.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("'{}' is neither an image reference nor NAMESPACE/POD: {}",
                                                subject.text, text::MessageOf(reference.status())));
}

absl::StatusOr<FoundSubject> FindSubject(const Subject& subject, const facts::Node& node) {
  if (absl::Status status = CheckSubject(subject); !status.ok()) return status;
  const auto reference = image::Reference::Parse(subject.text);
  if (!subject.is_pod) {
    if (const auto* image = FindCached(*reference, node)) {
      return FoundSubject{.pod = std::nullopt, .images = {*image}, .similar_names = {}};
    }
  }
  const std::set<std::string> pods = PodsOf(node);
  if (const std::optional<PodName> pod = ParsePod(subject.text)) {
    if (pods.contains(subject.text)) {
      return FoundSubject{.pod = pod, .images = ImagesOf(*pod, node), .similar_names = {}};
    }
    const std::vector<std::string> similar = SimilarPods(subject.text, pods);
    if (subject.is_pod || !similar.empty()) {
      return NoPod(fmt::format("no pod {} is on this node", subject.text), subject, similar);
    }
  } else if (const std::vector<std::string> called = PodsCalled(subject.text, pods); !called.empty()) {
    return NoPod(fmt::format("'{}' is no NAMESPACE/POD", subject.text), subject, called);
  }
  FoundSubject found;
  found.images.push_back({.reference = *reference});
  found.similar_names = SimilarNames(*reference, node.images);
  return found;
}

void SelectContainersOf(bool is_pod, const std::set<image::Reference>& selected,
                        std::vector<judge::ContainerRequest>& requests) {
  SelectContainers({}, selected, requests);
  if (is_pod) return;
  std::erase_if(requests, [](const judge::ContainerRequest& request) { return request.references.empty(); });
}

void KeepPod(const report::PodName& pod, facts::Node& node) {
  const auto is_other = [&](const auto& of_pod) { return PodName{of_pod.pod_namespace, of_pod.pod_name} != pod; };
  std::erase_if(node.containers, is_other);
  std::erase_if(node.sandboxes, is_other);
  std::erase_if(node.pods.pods, [&](const facts::Pod& other) {
    return PodName{other.namespace_name, other.name} != pod;
  });
}

}  // namespace tagdrift::agent
