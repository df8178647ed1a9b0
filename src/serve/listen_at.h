#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tagdrift::serve {

/// Whether `address` is one to listen at: "127.0.0.1:9614", "[::1]:9614"; port 0 is any free one. Errors:
/// InvalidArgument naming it.
absl::Status CheckAddress(std::string_view address);

/// A non-blocking socket that listens at `address`, and that no other process shares. Errors: as CheckAddress; what the
/// system says of it.
absl::StatusOr<int> ListenAt(std::string_view address);

std::uint16_t PortOf(int socket);

}  // namespace tagdrift::serve
