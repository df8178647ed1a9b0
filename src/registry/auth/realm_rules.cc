#include "registry/auth/realm_rules.h"

#include "registry/http/address.h"

namespace tagdrift::registry {
namespace {

bool SharesOwner(const Url& realm, const Url& endpoint) {
  const std::string_view domain = RegistrableDomain(realm.host);
  return !domain.empty() && domain == RegistrableDomain(endpoint.host);
}

bool IsInside(const Url& realm, const Url& endpoint) {
  switch (KindOfAddress(realm.host)) {
    case AddressKind::kName:
    case AddressKind::kPublic:
      return false;
    case AddressKind::kLoopback:
    case AddressKind::kLinkLocal:
    case AddressKind::kAny:
    case AddressKind::kPrivate:
      return KindOfAddress(endpoint.host) != AddressKind::kLoopback;
  }
  return true;
}

}  // namespace

std::optional<std::string> WhyRealmRefused(const Url& realm, const Url& endpoint, bool with_credentials) {
  if (realm.has_user || realm.has_fragment) return "the token realm's URL has a user or a fragment";
  if (realm.scheme == "http" && endpoint.scheme != "http") {
    return "the token realm " + realm.Origin() + " is plain http";
  }
  if (realm.host == endpoint.host) return std::nullopt;
  if (with_credentials && !SharesOwner(realm, endpoint)) {
    return "credentials for " + endpoint.host + " are not sent to the token realm at " + realm.host;
  }
  if (IsInside(realm, endpoint)) return "the token realm is at the internal address " + realm.host;
  return std::nullopt;
}

}  // namespace tagdrift::registry
