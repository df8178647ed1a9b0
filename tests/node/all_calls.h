#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tagdrift/node/runtime.h"

namespace tagdrift::node {

/// One call of a runtime's clients with some arguments.
struct NamedCall {
  std::string name;
  std::function<absl::Status(RuntimeClients&, const CallContext&)> run;
  bool has_limit = true;  ///< false: only the context ends it
};

/// Every call that `RuntimeClients` offers.
const std::vector<NamedCall>& AllCalls();

}  // namespace tagdrift::node
