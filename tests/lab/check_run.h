#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab.h"

namespace tagdrift::lab {

/// The program under test: TAGDRIFT_BINARY in the environment, otherwise the one of this build.
std::string TagdriftBinary();

/// Runs `tagdrift` with these arguments and the lab's runtime endpoint in its environment.
Output RunTagdrift(Lab& lab, const std::vector<std::string>& arguments, RunOptions options = {});

/// What `tagdrift check … -o json` said, or the replay of a recording.
struct CheckRun {
  int exit_code = -1;
  nlohmann::json report;  ///< null where the output was no JSON
  std::string err;

  /// The report about one tag; an empty object, and a failed test, where there is none.
  nlohmann::json Tag(const std::string& reference) const;
  /// Of that tag, the host whose URL begins with `url`.
  nlohmann::json Host(const std::string& reference, const std::string& url) const;
};

/// Checks the references or patterns in `arguments`; options may be among them. Fails unless the replay of a round that
/// is recorded after it says the same.
CheckRun Check(Lab& lab, const std::vector<std::string>& arguments);

/// The check alone.
CheckRun CheckAlone(Lab& lab, std::vector<std::string> arguments);

/// The recording alone, replayed without node and network. Both are done by this build's program: the sanitized one
/// takes ten times as long, and a recording is the same.
CheckRun CheckReplayed(Lab& lab, std::vector<std::string> arguments);

/// Pulls what `tag` is about as the kubelet would, without credentials, and fails unless that brings what the tag's
/// forecast says: its digest, or an error.
void ExpectPullAsForecast(Lab& lab, const nlohmann::json& tag);

}  // namespace tagdrift::lab
