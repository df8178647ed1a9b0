#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tagdrift::image {

/// Operating system, CPU architecture and CPU variant an image is built for.
struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;
  std::vector<std::string> os_features;

  friend bool operator==(const Platform&, const Platform&) = default;

  /// "linux/arm64", "linux/arm/v7".
  std::string Text() const;
};

/// `platform` in containerd's normal form: `x86_64` is `amd64`, `aarch64` and `arm64/v8` are `arm64`, `arm` without a
/// variant is `arm/v7` (containerd/platforms, normalizeArch).
Platform Normalize(Platform platform);

/// The platform this process runs on, as containerd detects it. On ARM the variant comes from `cpuinfo` (the text of
/// /proc/cpuinfo) and, failing that, from `machine` (uname -m).
Platform HostPlatform(std::string_view machine, std::string_view cpuinfo);

/// How containerd on `node` ranks an image for `candidate`: 0 is best, larger is worse, nothing means it would not take
/// it. The order is containerd/platforms' `Only` (a linux/arm64 node also takes arm/v8 .. v5, linux/amd64 also 386).
std::optional<std::size_t> Rank(const Platform& node, const Platform& candidate);

}  // namespace tagdrift::image
