#include "tagdrift/agent/selection.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "tagdrift/image/reference.h"

namespace tagdrift::agent {
namespace {

bool IsGlob(const std::string& text) { return text.find_first_of("*?[") != std::string::npos; }

/// A bracketed IPv6 host is no character class.
bool IsReference(const std::string& text) {
  return !IsGlob(text) || (text[0] == '[' && image::Reference::Parse(text).ok());
}

std::string_view LastComponent(std::string_view repository) { return repository.substr(repository.rfind('/') + 1); }

/// What the operator may have meant. Empty where nothing is similar, or a glob was asked for.
std::string NearMisses(const std::string& asked, const std::vector<facts::CachedImage>& images) {
  constexpr std::size_t kShown = 3;
  const auto reference = image::Reference::Parse(asked);
  if (!IsReference(asked) || !reference.ok()) return "";
  const std::vector<std::string> near = SimilarNames(*reference, images);
  std::string text;
  for (std::size_t i = 0; i < std::min(near.size(), kShown); ++i) text += (i > 0 ? ", " : "") + near[i];
  return near.size() > kShown ? fmt::format("{} and {} more", text, near.size() - kShown) : text;
}

absl::Status NoMatch(const NamePattern& pattern, const std::vector<facts::CachedImage>& images) {
  const auto reference = image::Reference::Parse(pattern.text());
  const std::string meant = IsReference(pattern.text()) && reference.ok() && reference->Canonical() != pattern.text()
                                ? fmt::format(" ({})", reference->Canonical())
                                : "";
  const std::string near = NearMisses(pattern.text(), images);
  return absl::NotFoundError(
      fmt::format("no tag cached on this node matches '{}'{}; {}", pattern.text(), meant,
                  near.empty() ? "list them with: tagdrift images -o name" : "here are " + near));
}

bool Matches(const std::vector<NamePattern>& patterns, const image::Reference& reference) {
  const std::string name = reference.Canonical();
  return std::ranges::any_of(patterns, [&](const NamePattern& pattern) { return pattern.Matches(name); });
}

}  // namespace

absl::StatusOr<NamePattern> NamePattern::Parse(const std::string& text) {
  if (!IsReference(text)) return NamePattern(text, text);
  const auto reference = image::Reference::Parse(text);
  if (!reference.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no image reference: {}", text, std::string(reference.status().message())));
  }
  std::string glob;
  for (const char c : reference->Canonical()) {
    if (c == '[' || c == ']') glob += '\\';
    glob += c;
  }
  return NamePattern(text, glob);
}

bool NamePattern::Matches(const std::string& canonical) const {
  return fnmatch(glob_.c_str(), canonical.c_str(), 0) == 0;
}

bool NamePattern::NamesDigest() const { return text_.find('@') != std::string::npos && IsReference(text_); }

absl::StatusOr<std::vector<NamePattern>> ParsePatterns(const std::vector<std::string>& texts) {
  std::vector<NamePattern> patterns;
  for (const std::string& text : texts) {
    auto pattern = NamePattern::Parse(text);
    if (!pattern.ok()) return pattern.status();
    patterns.push_back(*std::move(pattern));
  }
  return patterns;
}

std::vector<std::string> SimilarNames(const image::Reference& reference,
                                      const std::vector<facts::CachedImage>& images) {
  std::vector<std::string> same_repository;
  std::vector<std::string> same_name;
  for (const facts::CachedImage& image : images) {
    if (image.reference.Name() == reference.Name()) {
      same_repository.push_back(image.reference.Canonical());
    } else if (LastComponent(image.reference.repository()) == LastComponent(reference.repository())) {
      same_name.push_back(image.reference.Canonical());
    }
  }
  return same_repository.empty() ? same_name : same_repository;
}

absl::StatusOr<std::vector<facts::CachedImage>> Select(const Selection& selection, const facts::Node& node,
                                                       const std::vector<facts::CachedImage>& asked_for) {
  std::vector<facts::CachedImage> images = node.images;
  std::ranges::copy_if(asked_for, std::back_inserter(images), &facts::CachedImage::IsUsed);
  for (const facts::CachedImage& image : node.other_digests) {
    const bool named =
        std::any_of(selection.patterns.begin(), selection.patterns.end(), [&](const NamePattern& pattern) {
          return pattern.NamesDigest() && pattern.Matches(image.reference.Canonical());
        });
    if (named) images.push_back(image);
  }
  for (const NamePattern& pattern : selection.patterns) {
    const bool found = std::any_of(images.begin(), images.end(), [&](const facts::CachedImage& image) {
      return pattern.Matches(image.reference.Canonical());
    });
    if (!found && !selection.unmatched_is_nothing) return NoMatch(pattern, images);
  }
  const auto last = std::remove_if(images.begin(), images.end(), [&](const facts::CachedImage& image) {
    if (!selection.patterns.empty() && !Matches(selection.patterns, image.reference)) return true;
    if (Matches(selection.ignored, image.reference)) return true;
    return selection.in_use && !image.IsUsed();
  });
  images.erase(last, images.end());
  return images;
}

void SelectContainers(const Selection& selection, const std::set<image::Reference>& selected,
                      std::vector<judge::ContainerRequest>& requests) {
  std::erase_if(requests, [&](const judge::ContainerRequest& request) {
    if (request.references.empty()) return !selection.patterns.empty();
    return std::ranges::none_of(request.references, [&](const auto& name) { return selected.contains(name); });
  });
}

std::vector<facts::CachedImage> AskedBesides(const Selection& selection, const std::set<image::Reference>& selected,
                                             const std::vector<judge::ContainerRequest>& requests,
                                             const facts::Node& node) {
  std::set<image::Reference> besides;
  for (const judge::ContainerRequest& request : requests) {
    for (const image::Reference& name : request.references) {
      if (!selected.contains(name) && !Matches(selection.ignored, name)) besides.insert(name);
    }
  }
  std::vector<facts::CachedImage> images;
  if (besides.empty()) return images;
  std::ranges::copy_if(node.images, std::back_inserter(images),
                       [&](const facts::CachedImage& image) { return besides.contains(image.reference); });
  return images;
}

}  // namespace tagdrift::agent
