#include "tagdrift/node/content_listing.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace tagdrift::node {
namespace {

constexpr std::string_view kKeptAlgorithm = "sha256:";

}  // namespace

std::optional<ContentListing::Sha256> ContentListing::Bytes(std::string_view digest) {
  Sha256 bytes;
  if (!digest.starts_with(kKeptAlgorithm) || digest.size() != kKeptAlgorithm.size() + 2 * bytes.size())
    return std::nullopt;
  const char* at = digest.data() + kKeptAlgorithm.size();
  for (unsigned char& byte : bytes) {
    const auto [end, error] = std::from_chars(at, at + 2, byte, 16);
    if (error != std::errc() || end != at + 2) return std::nullopt;
    at += 2;
  }
  return bytes;
}

ContentListing::ContentListing(const std::vector<image::Digest>& labelled) {
  for (const image::Digest& digest : labelled) {
    if (const auto bytes = Bytes(digest.text())) labels_.emplace(*bytes, std::nullopt);
  }
}

ContentListing::Labels* ContentListing::Add(std::string_view digest) {
  ++size_;
  const auto bytes = Bytes(digest);
  if (!bytes) return nullptr;
  blobs_.push_back(*bytes);
  const auto found = labels_.find(*bytes);
  return found == labels_.end() ? nullptr : &found->second.emplace();
}

void ContentListing::Complete() { std::ranges::sort(blobs_); }

bool ContentListing::Has(const image::Digest& digest) const {
  const auto bytes = Bytes(digest.text());
  return bytes && std::ranges::binary_search(blobs_, *bytes);
}

const ContentListing::Labels* ContentListing::LabelsOf(const image::Digest& digest) const {
  const auto bytes = Bytes(digest.text());
  if (!bytes) return nullptr;
  const auto found = labels_.find(*bytes);
  return found == labels_.end() || !found->second ? nullptr : &*found->second;
}

}  // namespace tagdrift::node
