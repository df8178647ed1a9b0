#pragma once

#include <optional>
#include <string>

#include "tagdrift/judge/plan.h"

namespace tagdrift::judge {

/// Why the digest that the origin names is not to be acted on although it is known: all that containerd asks for a
/// well-known public registry is a mirror, and nobody has said (`--origin`) that it is the source of truth.
std::optional<std::string> WhyOriginUntrusted(const ActionFacts& facts);

}  // namespace tagdrift::judge
