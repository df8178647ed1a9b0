#pragma once

#include <string_view>

namespace tagdrift::registry {

/// What the host part of a URL says about where it leads, without asking a resolver, or what an address is.
enum class AddressKind {
  kName,       ///< a DNS name; as the kind of an address: not known
  kLoopback,   ///< 127.0.0.0/8, ::1, "localhost" and names below it
  kLinkLocal,  ///< 169.254.0.0/16 (cloud metadata), fe80::/10
  kAny,        ///< 0.0.0.0/8, ::
  kPrivate,    ///< RFC 1918, 100.64.0.0/10, fc00::/7
  kPublic,     ///< any other IP literal
};

/// `host` as in `Url::host`. IPv4-mapped IPv6 addresses count as what they map to.
AddressKind KindOfAddress(std::string_view host);

/// True if an address of `kind` is no more internal than `innermost`: any is public, then private, then of this host;
/// link-local ones are never within.
bool IsWithin(AddressKind kind, AddressKind innermost);

/// The part of a DNS name that one owner registers ("registry-1.docker.io" has "docker.io"): the last two labels; three
/// where the last two are a country's public second level ("co.uk") or a cloud's domain under which strangers get names
/// ("azurecr.io"). Empty for IP literals and single labels. A rule of thumb, not the public suffix list.
std::string_view RegistrableDomain(std::string_view host);

}  // namespace tagdrift::registry
