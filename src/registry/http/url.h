#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tagdrift::registry {

/// A URL taken apart as far as decisions need it. Scheme is "http" or "https"; `host` is lower case, without port, IPv6
/// in brackets; odd spellings of IPv4 addresses ("127.1") are in their normal form.
struct Url {
  std::string text;  ///< what is requested, without fragment
  std::string scheme;
  std::string host;
  std::uint16_t port = 0;      ///< the scheme's own when the URL names none
  bool explicit_port = false;  ///< the URL names one
  bool has_user = false;
  bool has_fragment = false;

  /// "host:port".
  std::string Authority() const;
  /// "https://host:port".
  std::string Origin() const;
  /// For people: scheme, host, port if named, and path; never user, query or fragment.
  std::string Printable() const;
  /// The same URL with scheme http: same port if named, else http's own.
  Url OverHttp() const;
};

/// Nothing for anything but a well formed http or https URL with a host.
std::optional<Url> ParseUrl(std::string_view text);

/// `location` (absolute or relative) as seen from `base`.
std::optional<Url> ResolveUrl(const Url& base, std::string_view location);

/// True if scheme, host and port are the same.
bool SameOrigin(const Url& a, const Url& b);

/// Go's comparison of the host part as written, port included; any scheme.
bool SameHostAndPort(const Url& a, const Url& b);

/// `text` escaped for a query or a form (space becomes '+').
std::string QueryEscape(std::string_view text);

}  // namespace tagdrift::registry
