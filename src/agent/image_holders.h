#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/node/cri_client.h"

namespace tagdrift::agent {

/// Containers of any state that hold the image with this id. Errors: the runtime could not be asked.
absl::StatusOr<std::vector<node::CriContainer>> HoldersOf(node::CriClient& cri, std::string_view image_id,
                                                          const CallContext& context);

}  // namespace tagdrift::agent
