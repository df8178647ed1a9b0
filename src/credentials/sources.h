#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tagdrift/registry/credentials.h"

namespace tagdrift::credentials {

using SourcePtr = std::unique_ptr<registry::CredentialSource>;

/// Asks all `sources`: their candidates in order, each once, at most two. The first error counts only where there is no
/// candidate. A host that `shared` names (first) is given the candidates of its registries (second) after its own.
SourcePtr AskAll(std::vector<SourcePtr> sources, std::vector<std::pair<std::string, std::string>> shared);

}  // namespace tagdrift::credentials
