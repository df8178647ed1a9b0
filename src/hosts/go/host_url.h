#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tagdrift::hosts {

/// The parts of a URL that containerd keeps.
struct HostUrl {
  std::string scheme;  ///< lower case; empty where the text has none
  std::string host;    ///< with port, percent-decoded; empty where the text has no authority
  std::string path;    ///< percent-decoded, as written
};

/// Parses as Go's net/url does. User, query and fragment are dropped, but must be valid.
/// Errors: InvalidArgument with Go's words ("parse \"https://a b\": invalid character \" \" in host name").
absl::StatusOr<HostUrl> ParseHostUrl(std::string_view text);

/// Collapses "//", "." and "..", drops a trailing slash ("" is "."), as Go's path.Clean does.
std::string CleanPath(std::string_view path);

struct HostPort {
  std::string host;
  std::string port;
};

/// Splits "host:port" and "[host]:port" as Go's net.SplitHostPort does; both parts are empty where that fails.
HostPort SplitHostPort(std::string_view text);

/// `base`/`name` cleaned, empty parts left out, as Go's filepath.Join does.
std::string JoinPath(std::string_view base, std::string_view name);

}  // namespace tagdrift::hosts
