#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/status/statusor.h"

namespace tagdrift::kube {

/// A YAML document (or JSON, which is YAML) as JSON, every scalar as text. Errors: InvalidArgument "line N: …", also
/// for what is nested deeper than 50 or, aliases followed, has more than 100,000 nodes.
absl::StatusOr<nlohmann::json> ParseYaml(const std::string& text);

}  // namespace tagdrift::kube
