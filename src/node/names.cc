#include "names.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/status/statusor.h"

namespace tagdrift::node {
namespace {

constexpr std::string_view kSha256 = "sha256:";

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Name ReadName(const std::string& text) {
  if (IsImageId(text)) return {NameKind::kImageId, std::nullopt};
  absl::StatusOr<image::Reference> reference = image::Reference::Parse(text);
  if (!reference.ok()) return {};
  if (reference->digest()) {
    const bool full = text.starts_with(reference->Name());
    return {full ? NameKind::kDigest : NameKind::kShort, *std::move(reference)};
  }
  const bool full = reference->Canonical() == text;
  return {full ? NameKind::kTag : NameKind::kShort, *std::move(reference)};
}

std::string KeyOf(const image::Reference& reference) {
  return reference.digest() ? reference.Name() + "@" + reference.digest()->text() : reference.Canonical();
}

bool IsImageId(std::string_view text) {
  if (image::Digest::Parse(text).ok()) return true;
  return text.size() == 64 && IsHex(text);
}

std::string_view BareId(std::string_view id) {
  if (id.starts_with(kSha256)) id.remove_prefix(kSha256.size());
  return id;
}

Pairing PairByLists(const CriImage& image, const image::Reference& reference) {
  if (reference.digest()) return {reference.digest(), {}};
  std::set<image::Digest> here;
  std::set<image::Digest> anywhere;
  for (const std::string& text : image.repo_digests) {
    const Name name = ReadName(text);
    if (name.kind != NameKind::kDigest) continue;
    anywhere.insert(*name.reference->digest());
    if (name.reference->Name() == reference.Name()) here.insert(*name.reference->digest());
  }
  if (here.size() == 1) return {*here.begin(), {}};
  const std::set<image::Digest>& open = here.empty() ? anywhere : here;
  return {std::nullopt, {open.begin(), open.end()}};
}

}  // namespace tagdrift::node
