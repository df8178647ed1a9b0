#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tagdrift/node/cri_client.h"

namespace tagdrift::node {

/// Registry settings that a running containerd 1.x works with, from the verbose CRI status. Values of `headers` may be
/// secret.
struct ReportedSettings {
  std::string config_path;
  std::map<std::string, std::vector<std::string>> mirrors;  ///< endpoints by registry
  std::map<std::string, std::vector<std::string>> headers;
};

/// Nothing: the status does not hold them (containerd 2.x), or not as JSON.
std::optional<ReportedSettings> ReadReportedSettings(const CriStatus& status);

}  // namespace tagdrift::node
