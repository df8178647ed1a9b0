#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tagdrift/image/digest.h"

namespace tagdrift::node {

/// Which blobs the content store had at one moment, and the labels of some of them. Only SHA-256 digests are kept, in
/// 32 bytes each: of a blob with another digest, as of one that came later, nothing is known.
class ContentListing {
 public:
  using Labels = std::map<std::string, std::string>;

  /// Labels are kept of the blobs in `labelled`.
  explicit ContentListing(const std::vector<image::Digest>& labelled = {});

  /// Adds a blob and answers where its labels are to be put; null where they are not kept.
  Labels* Add(std::string_view digest);
  /// To be called after the last Add, and before anything is looked up.
  void Complete();

  /// How many blobs were added, whatever their digests.
  std::size_t size() const { return size_; }
  bool Has(const image::Digest& digest) const;
  /// The labels of a blob that is listed; null where it is not, or where they are not kept.
  const Labels* LabelsOf(const image::Digest& digest) const;

 private:
  using Sha256 = std::array<unsigned char, 32>;

  static std::optional<Sha256> Bytes(std::string_view digest);

  std::size_t size_ = 0;
  std::vector<Sha256> blobs_;  ///< sorted by Complete
  std::map<Sha256, std::optional<Labels>> labels_;
};

}  // namespace tagdrift::node
