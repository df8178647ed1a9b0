#include "credentials/call_ended.h"

namespace tagdrift::credentials {

absl::Status CallEnded(const CallContext& context) {
  return absl::CancelledError(context.stop.stop_requested() ? "was stopped" : "no time is left");
}

}  // namespace tagdrift::credentials
