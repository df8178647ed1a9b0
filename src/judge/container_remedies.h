#pragma once

#include <vector>

#include "tagdrift/judge/containers.h"

namespace tagdrift::judge {

/// What puts a container right that was judged by `name`. Empty where nothing is wrong.
std::vector<Remedy> ContainerRemedies(const ContainerResult& container, const JudgedName& name);

}  // namespace tagdrift::judge
