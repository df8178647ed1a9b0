#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace tagdrift::image {

/// A content digest, `algorithm:hex`. Always well formed: the algorithm is sha256, sha384 or sha512 and the hex part is
/// lower case and of exactly the algorithm's length (the rule of opencontainers/go-digest).
class Digest {
 public:
  /// Errors: InvalidArgument with go-digest's own wording ("invalid checksum digest length", ...).
  static absl::StatusOr<Digest> Parse(std::string_view text);

  /// The SHA-256 of `bytes`.
  static Digest OfBytes(std::string_view bytes);

  const std::string& text() const { return text_; }
  std::string_view algorithm() const;
  std::string_view hex() const;

  /// For people: algorithm and the first 12 hex digits ("sha256:94ca65e6caf0").
  std::string Short() const;

  /// True if `bytes` hash to this digest under its own algorithm.
  bool Matches(std::string_view bytes) const;

  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  explicit Digest(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace tagdrift::image
