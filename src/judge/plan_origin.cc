#include "plan_origin.h"

#include <fmt/format.h>

namespace tagdrift::judge {

std::optional<std::string> WhyOriginUntrusted(const ActionFacts& facts) {
  const Route& route = *facts.route;
  if (!route.origin_is_other_host || !IsPublicRegistry(route.config.registry)) return std::nullopt;
  const std::string url = route.origin ? route.hosts[*route.origin]->Url() : "a mirror";
  return fmt::format("what is asked for {} is {}, a mirror; --origin {}=URL says what counts", route.config.registry,
                     url, route.config.registry);
}

}  // namespace tagdrift::judge
