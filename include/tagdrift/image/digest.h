#pragma once

#include <compare>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace tagdrift::image {

/// A content digest, `algorithm:hex`. Always well formed: the algorithm is sha256, sha384 or sha512 and the hex part is
/// lower case and of exactly the algorithm's length (the rule of opencontainers/go-digest). Copies share one text: a
/// round of thousands of tags holds each digest some ten times.
class Digest {
 public:
  // Moving copies: what was moved from is well formed too.
  Digest(const Digest&) = default;
  Digest& operator=(const Digest&) = default;

  /// Errors: InvalidArgument with go-digest's own wording ("invalid checksum digest length", ...).
  static absl::StatusOr<Digest> Parse(std::string_view text);

  /// The SHA-256 of `bytes`.
  static Digest OfBytes(std::string_view bytes);

  const std::string& text() const { return *text_; }
  std::string_view algorithm() const;
  std::string_view hex() const;

  /// For people: algorithm and the first 12 hex digits ("sha256:94ca65e6caf0").
  std::string Short() const;

  /// True if `bytes` hash to this digest under its own algorithm.
  bool Matches(std::string_view bytes) const;

  friend bool operator==(const Digest& a, const Digest& b) { return a.text_ == b.text_ || a.text() == b.text(); }
  friend std::strong_ordering operator<=>(const Digest& a, const Digest& b) { return a.text() <=> b.text(); }

 private:
  explicit Digest(std::string text) : text_(std::make_shared<const std::string>(std::move(text))) {}

  std::shared_ptr<const std::string> text_;
};

}  // namespace tagdrift::image
