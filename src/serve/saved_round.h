#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tagdrift/report/round.h"

namespace tagdrift::serve {

/// Keeps what a round was answered in `round.json` of `directory`, as `tagdrift record` writes it, so that an agent
/// which is started anew need not ask again. Hosts with headers, certificates or keys of their own are asked again all
/// the same: the file does not hold these, so that nothing tells whether they are what they were. Errors: what the
/// system says.
absl::Status SaveRound(const std::string& directory, const std::string& version, report::Round round);

/// Errors: NotFound where there is none; of a file that cannot be understood, which stays.
absl::StatusOr<report::Round> ReadSavedRound(const std::string& directory);

}  // namespace tagdrift::serve
