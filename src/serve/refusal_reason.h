#pragma once

namespace tagdrift::serve {

/// Why a call or a connection is not served.
enum class Refusal {
  kNotPermitted,  ///< not at this entrance, not for this name
  kNotEnabled,    ///< an action, or an option of one, that is not switched on
  kTooMany,       ///< calls, rounds or connections
  kBadRequest,    ///< what is asked cannot be meant
  kHandshake,     ///< that of TLS failed
};

}  // namespace tagdrift::serve
