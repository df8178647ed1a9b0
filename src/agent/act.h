#pragma once

#include <functional>

#include "disk_reservations.h"
#include "observation.h"
#include "round.h"
#include "tagdrift/agent/actions.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::agent {

/// What actions work with beyond what rounds do.
struct ActionResources {
  const Shared& shared;
  const registry::CredentialSource& credentials;
  DiskReservations& disk;
  /// Observes the node; asked again after a race.
  std::function<absl::StatusOr<Observation>(const CallContext& context)> observe;
};

/// Agent::Act.
report::ActionResult RunAction(const ActionResources& resources, const ActionRequest& request, const ActionHooks& hooks,
                               const CallContext& context);

}  // namespace tagdrift::agent
