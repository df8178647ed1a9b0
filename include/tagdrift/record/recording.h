#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/report/command_line.h"
#include "tagdrift/report/round.h"

/// Facts as files, from which the same is judged anywhere and at any time.
namespace tagdrift::record {

/// The most that is read of one.
inline constexpr std::size_t kMostRecordingBytes = 64 << 20;

/// A round with what its report was made by.
struct Recording {
  std::string tagdrift;  ///< version of the program that recorded it
  report::Invocation invocation;
  std::vector<std::string> patterns;  ///< that selected the tags; none: all
  report::Round round;
};

/// JSON, with every fact that the judge was given and nothing that it says itself. Left out or hidden are the values of
/// configured headers, credentials in containerd's configuration and in URLs, certificates and keys.
std::string Write(const Recording& recording);

/// Judged anew. Format version 1 lacks what plans need (report::Round::disk). Errors: FailedPrecondition where a newer
/// tagdrift wrote it; InvalidArgument naming the place of anything else that is not as `Write` writes it.
absl::StatusOr<Recording> ReadRecording(std::string_view text);

}  // namespace tagdrift::record
