#pragma once

#include <vector>

#include "tagdrift/judge/containers.h"

namespace tagdrift::judge {

/// What puts a container right that was judged by `name`. Empty where nothing is wrong. `refresh_is_used`: the kubelet
/// would start what a refresh brings.
std::vector<Remedy> ContainerRemedies(const ContainerResult& container, const JudgedName& name, bool refresh_is_used);

}  // namespace tagdrift::judge
