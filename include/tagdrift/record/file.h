#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tagdrift::record {

/// All of `path`. Errors: ResourceExhausted above `most_bytes`; what the system says.
absl::StatusOr<std::string> ReadWhole(const std::string& path, std::size_t most_bytes);
/// The same of an open file, which errors call `name`.
absl::StatusOr<std::string> ReadWhole(int file, const std::string& name, std::size_t most_bytes);

/// Makes `bytes` the content of `path`, which from one moment to the next is the new file, of mode 0600, or after a
/// failure, a kill or a power cut at any time the old one. `temporary`, beside it and of no other writer, is written
/// first; what is left of an earlier one of that name goes. Errors: what the system says.
absl::Status ReplaceFile(const std::string& path, const std::string& temporary, std::string_view bytes);

}  // namespace tagdrift::record
