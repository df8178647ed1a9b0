#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "archive.h"

namespace tagdrift::record {

/// What a file says it is, beside its fields.
struct Format {
  const char* name;  ///< "tagdrift recording"
  int version;       ///< that is written
  int oldest;        ///< that is still read
};

/// `body` with its format, as text.
std::string WriteDocument(const Format& format, Json body);

/// The body. Errors: as those of the two files' readers.
absl::StatusOr<Json> ReadDocument(const Format& format, std::string_view text);

template <class T>
absl::StatusOr<T> ReadBody(const Format& format, std::string_view text) {
  const auto body = ReadDocument(format, text);
  if (!body.ok()) return body.status();
  T value;
  Problem problem;
  if (FromJson(*body, value, problem)) return value;
  return absl::InvalidArgumentError(
      fmt::format("no {} that this tagdrift reads: {} {}", format.name,
                  problem.path.empty() ? "it" : problem.path.substr(problem.path[0] == '.' ? 1 : 0), problem.what));
}

}  // namespace tagdrift::record
