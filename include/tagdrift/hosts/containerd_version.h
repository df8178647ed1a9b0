#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tagdrift::hosts {

/// A containerd release. Only the three numbers decide behaviour; distribution suffixes are dropped.
struct ContainerdVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  friend auto operator<=>(const ContainerdVersion&, const ContainerdVersion&) = default;

  /// Reads "1.6.20~ds1", "v2.1.9-1", "1.7.24~ds1-6+b4", "2.2". Errors: InvalidArgument naming the text.
  static absl::StatusOr<ContainerdVersion> Parse(std::string_view text);

  std::string Text() const;
};

/// How containerd's CRI plugin pulls: itself, or (2.1 and later, by default) through the transfer service, which takes
/// `config_path` as the name of one directory.
enum class PullPath { kLocal, kTransfer };

}  // namespace tagdrift::hosts
