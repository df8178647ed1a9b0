#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tagdrift::credentials {

/// A pattern for images as the kubelet matches them, or such an image: "*.registry.io:5000/team", "host/path" without
/// tag. The host's labels are shell patterns; the path is compared as a plain prefix.
class ImagePattern {
 public:
  /// Nothing where Go would not read `text` as a URL without its scheme.
  static std::optional<ImagePattern> Parse(std::string_view text);

  /// Whether this pattern matches that image: same port (none is not 443), same number of labels, each matching, and
  /// a path that begins with this one's.
  bool Matches(const ImagePattern& image) const;

  const std::string& host() const { return host_; }  ///< with port
  const std::string& path() const { return path_; }

 private:
  ImagePattern(std::string host, std::string path);

  std::string host_;
  std::string path_;
  std::vector<std::string> labels_;
  std::string port_;
};

/// Go's filepath.Match for one label: `*`, `?`, `[a-z]`, `[^a]` and `\x`. A malformed pattern matches nothing.
bool LabelMatches(std::string_view pattern, std::string_view label);

}  // namespace tagdrift::credentials
