#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tagdrift/image/digest.h"

namespace tagdrift::image {

/// An image reference, normalised as containerd's CRI plugin does: `nginx` is `docker.io/library/nginx:latest`. Has
/// either a tag or a digest: of `repo:tag@digest` the tag is dropped, as a pull goes by the digest.
class Reference {
 public:
  /// Errors: InvalidArgument with the wording of distribution/reference ("invalid reference format", ...).
  static absl::StatusOr<Reference> Parse(std::string_view text);

  /// Host part as written, with port; containerd's "namespace" ("docker.io", "registry.corp:5000").
  const std::string& registry() const { return registry_; }
  /// Path below the registry ("library/nginx").
  const std::string& repository() const { return repository_; }
  const std::optional<std::string>& tag() const { return tag_; }
  const std::optional<Digest>& digest() const { return digest_; }

  /// Full form; also the name of the record in containerd's image store ("docker.io/library/nginx:latest").
  std::string Canonical() const;
  /// Short form for people ("nginx:latest", "quay.io/a/b:1").
  std::string Familiar() const;
  /// Canonical form without tag and digest ("docker.io/library/nginx").
  std::string Name() const;
  /// The same repository at `digest`, without a tag.
  Reference At(Digest digest) const;

  friend auto operator<=>(const Reference&, const Reference&) = default;

 private:
  Reference() = default;

  std::string registry_;
  std::string repository_;
  std::optional<std::string> tag_;
  std::optional<Digest> digest_;
};

/// Whether a reference can have `text` as its registry: a host, with or without a port, that is not taken for a part of
/// the path ("docker.io", "localhost", "registry:5000", "[::1]"; not "nginx" or "nginx:latest").
bool IsRegistry(std::string_view text);

}  // namespace tagdrift::image
