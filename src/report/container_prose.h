#pragma once

#include <string>

#include "tagdrift/report/round.h"

namespace tagdrift::report {

/// Why the container has its verdict, in one sentence without a full stop. `tag`: what it asked for; null where that is
/// not known.
std::string ContainerDetail(const judge::ContainerResult& container, const JudgedTag* tag, const Round& round);

/// What starting it again would run, likewise.
std::string RestartDetail(const judge::ContainerResult& container, const JudgedTag* tag, const Round& round);

/// "Always", "IfNotPresent", "Never".
std::string PullPolicyText(facts::PullPolicy policy);

}  // namespace tagdrift::report
