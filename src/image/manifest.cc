#include "tagdrift/image/manifest.h"

#include <cstddef>
#include <limits>
#include <tuple>

namespace tagdrift::image {
namespace {

bool IsAttestation(const Descriptor& entry) {
  if (entry.attestation) return true;
  return entry.platform && (entry.platform->os == "unknown" || entry.platform->architecture == "unknown");
}

// Smaller is better: rank of the platform, then the number of operating system features it does without.
using Preference = std::tuple<std::size_t, std::size_t>;

std::optional<Preference> PreferenceOf(const Descriptor& entry, const Platform& node) {
  constexpr std::size_t kLast = std::numeric_limits<std::size_t>::max();
  if (!entry.platform) return Preference{kLast, kLast};
  const std::optional<std::size_t> rank = Rank(node, *entry.platform);
  if (!rank) return std::nullopt;
  return Preference{*rank, kLast - entry.platform->os_features.size()};
}

}  // namespace

std::vector<Digest> ChainIds(const SharedList<Digest>& diff_ids) {
  std::vector<Digest> chain;
  for (const Digest& layer : diff_ids) {
    chain.push_back(chain.empty() ? layer : Digest::OfBytes(chain.back().text() + " " + layer.text()));
  }
  return chain;
}

bool IsIndex(std::string_view media_type) { return media_type == kOciIndex || media_type == kDockerManifestList; }

bool IsManifestOrIndex(std::string_view media_type) {
  return IsIndex(media_type) || media_type == kOciManifest || media_type == kDockerManifest;
}

const Descriptor* SelectManifest(const Index& index, const Platform& node) {
  const Descriptor* best = nullptr;
  Preference best_preference;
  for (const Descriptor& entry : index.manifests) {
    if (!IsManifestOrIndex(entry.media_type) || IsAttestation(entry)) continue;
    const std::optional<Preference> preference = PreferenceOf(entry, node);
    if (!preference || (best != nullptr && *preference >= best_preference)) continue;
    best = &entry;
    best_preference = *preference;
  }
  return best;
}

}  // namespace tagdrift::image
