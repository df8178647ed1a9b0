#include "registry/http/proxy_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "registry/http/address.h"
#include "tagdrift/registry/proxies.h"
#include "tagdrift/text/text.h"

namespace tagdrift::registry {
namespace {

/// IPv4 addresses are held as IPv4-mapped IPv6 ones.
using Address = std::array<std::uint8_t, 16>;

std::optional<Address> ParseAddress(std::string_view text) {
  const std::string copy(text);
  Address out{};
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) {
    out[10] = out[11] = 0xff;
    std::memcpy(out.data() + 12, &v4, 4);
    return out;
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, copy.c_str(), &v6) != 1) return std::nullopt;
  std::memcpy(out.data(), &v6, 16);
  return out;
}

struct AddressBlock {
  Address address;
  unsigned bits;

  bool Contains(const Address& other) const {
    const unsigned whole = bits / 8;
    if (std::memcmp(address.data(), other.data(), whole) != 0) return false;
    if (bits % 8 == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - bits % 8));
    return (address[whole] & mask) == (other[whole] & mask);
  }
};

std::optional<AddressBlock> ParseNetwork(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<Address> address = ParseAddress(text.substr(0, slash));
  const std::string_view length = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (!address || error != std::errc() || end != length.data() + length.size()) return std::nullopt;
  const bool v4 = text.find(':') == std::string_view::npos;
  if (bits > (v4 ? 32U : 128U)) return std::nullopt;
  return AddressBlock{*address, bits + (v4 ? 96U : 0U)};
}

struct HostPort {
  std::string host;  ///< without brackets
  std::string port;
};

/// Go's SplitHostPort: "[v6]:port" or "name:port"; nothing where there is no port or too many colons.
std::optional<HostPort> SplitPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view host = text.substr(0, colon);
  const std::string port(text.substr(colon + 1));
  if (host.starts_with('[') && host.ends_with(']')) return HostPort{std::string(host.substr(1, host.size() - 2)), port};
  if (host.find_first_of(":[]") != std::string_view::npos) return std::nullopt;
  return HostPort{std::string(host), port};
}

/// The host that a request goes to, as NO_PROXY entries see it.
struct Destination {
  std::string host;  ///< no brackets, lower case
  std::string port;
  std::optional<Address> address;
};

Destination DestinationOf(const Url& url) {
  Destination to{.host = url.host, .port = std::to_string(url.port), .address = {}};
  if (to.host.starts_with('[')) to.host = to.host.substr(1, to.host.size() - 2);
  to.address = ParseAddress(to.host);
  return to;
}

/// Reached directly whatever the variables say.
bool IsOfThisHost(const Url& url, const Destination& to) {
  return to.host == "localhost" || (to.address && KindOfAddress(url.host) == AddressKind::kLoopback);
}

bool NameMatches(std::string_view entry, const Destination& to) {
  // "*.example.com" and ".example.com" mean names below it, "example.com" itself too.
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  const bool only_below = entry.starts_with('.');
  const std::string below = only_below ? std::string(entry) : "." + std::string(entry);
  return to.host.ends_with(below) || (!only_below && to.host == entry);
}

bool EntryMatches(std::string_view raw, const Destination& to) {
  const std::string entry = text::Lower(text::Trim(raw));
  if (entry.empty()) return false;
  if (entry == "*") return true;
  if (const auto network = ParseNetwork(entry)) return to.address && network->Contains(*to.address);
  const std::optional<HostPort> split = SplitPort(entry);
  const std::string host = split ? split->host : entry;
  const std::string port = split ? split->port : "";
  if (split && host.empty()) return false;
  if (!port.empty() && port != to.port) return false;
  if (const auto address = ParseAddress(host)) return to.address && *to.address == *address;
  return NameMatches(host, to);
}

bool Bypasses(std::string_view no_proxy, const Destination& to) {
  while (!no_proxy.empty()) {
    const std::size_t comma = std::min(no_proxy.find(','), no_proxy.size());
    if (EntryMatches(no_proxy.substr(0, comma), to)) return true;
    no_proxy.remove_prefix(std::min(comma + 1, no_proxy.size()));
  }
  return false;
}

std::string Variable(const std::map<std::string, std::string>& environment, const std::string& name) {
  for (const std::string& spelling : {name, text::Lower(name)}) {
    const auto found = environment.find(spelling);
    if (found != environment.end() && !found->second.empty()) return found->second;
  }
  return {};
}

/// Go asks a socks5 proxy to resolve names, which libcurl calls socks5h.
std::string ForLibcurl(const std::string& proxy) {
  if (proxy.find("://") == std::string::npos) return "http://" + proxy;
  if (proxy.starts_with("socks5://")) return "socks5h" + proxy.substr(6);
  return proxy;
}

}  // namespace

bool MayBeProxied(const hosts::RegistryHost& host) {
  const std::optional<Url> url = ParseUrl(host.Url());
  return !url || !IsOfThisHost(*url, DestinationOf(*url));
}

std::string ProxyFor(const Url& url, const std::map<std::string, std::string>& environment) {
  const bool https = url.scheme == "https";
  if (!https && environment.contains("REQUEST_METHOD")) return {};
  const std::string proxy = Variable(environment, https ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy.empty()) return {};
  const Destination to = DestinationOf(url);
  if (IsOfThisHost(url, to)) return {};
  return Bypasses(Variable(environment, "NO_PROXY"), to) ? std::string() : ForLibcurl(proxy);
}

}  // namespace tagdrift::registry
