#pragma once

#include "absl/status/statusor.h"
#include "delivered_cache.h"
#include "history.h"
#include "observation.h"
#include "tagdrift/agent/check.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/call/clock.h"
#include "tagdrift/node/content_cache.h"
#include "tagdrift/node/runtime.h"
#include "tagdrift/registry/client.h"
#include "tagdrift/report/round.h"

namespace tagdrift::agent {

/// What all rounds and actions of a process share. Each member is thread safe.
struct Shared {
  node::RuntimeClients& runtime;
  registry::Client& registry;
  node::ContentCache& stored;
  DeliveredCache& delivered;
  History& history;
  const Clock& clock;
};

/// One round over what was observed. Errors: a pattern matches nothing.
absl::StatusOr<report::Round> RunRound(const Shared& shared, Observation seen, const CheckOptions& options,
                                       const CallContext& context);

}  // namespace tagdrift::agent
