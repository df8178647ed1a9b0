#pragma once

#include <string>

#include "tagdrift/judge/plan.h"

namespace tagdrift::judge {

/// A node whose tag is behind its origin, everything else being well: every plan is free to go. Tests spoil one thing.
struct PlanWorld {
  PlanWorld();

  image::Digest old_digest = image::Digest::OfBytes("old");
  image::Digest new_digest = image::Digest::OfBytes("new");
  Route route;
  ActionFacts facts;
  ActionOptions options;

  void Fresh();
  /// The wanted content is here.
  void Complete();
  facts::ContainerUse User(facts::UseBasis basis) const;
};

/// The plan in one line: "PULL HOLD REPOINT VERIFY", "refused IN_USE PINNED", "nothing".
std::string Describe(const Plan& plan);

}  // namespace tagdrift::judge
