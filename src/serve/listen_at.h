#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace tagdrift::serve {

/// A non-blocking socket that listens at `address`, and that no other process shares. Errors: as CheckAddress; what the
/// system says of it.
absl::StatusOr<int> ListenAt(std::string_view address);

std::uint16_t PortOf(int socket);

/// Whether only one socket can listen, at the one or at the other. No: one of them is no address.
bool Collide(std::string_view one, std::string_view other);

}  // namespace tagdrift::serve
