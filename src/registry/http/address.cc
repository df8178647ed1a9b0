#include "registry/http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace tagdrift::registry {
namespace {

AddressKind KindOfV4(std::uint32_t address) {
  const std::uint32_t top = address >> 24;
  if (top == 127) return AddressKind::kLoopback;
  if (top == 0) return AddressKind::kAny;
  if ((address >> 16) == 0xA9FE) return AddressKind::kLinkLocal;
  const bool is_private =
      top == 10 || (address >> 20) == 0xAC1 || (address >> 16) == 0xC0A8 || (address >> 22) == (0x64400000U >> 22);
  return is_private ? AddressKind::kPrivate : AddressKind::kPublic;
}

AddressKind KindOfV6(const in6_addr& address) {
  const std::uint8_t* b = address.s6_addr;
  // NAT64 leads to IPv4 addresses too.
  static constexpr std::array<std::uint8_t, 12> kNat64 = {0, 0x64, 0xff, 0x9b};
  if (IN6_IS_ADDR_V4MAPPED(&address) || std::memcmp(b, kNat64.data(), kNat64.size()) == 0) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, b + 12, 4);
    return KindOfV4(ntohl(v4));
  }
  if (IN6_IS_ADDR_LOOPBACK(&address)) return AddressKind::kLoopback;
  if (IN6_IS_ADDR_UNSPECIFIED(&address)) return AddressKind::kAny;
  if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) return AddressKind::kLinkLocal;
  if ((b[0] & 0xfe) == 0xfc) return AddressKind::kPrivate;
  return AddressKind::kPublic;
}

bool IsLocalhost(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host == "localhost" || host.ends_with(".localhost");
}

constexpr std::array<std::string_view, 13> kSecondLevels = {"ac", "co", "com", "edu", "gob", "gov", "go",
                                                            "gv", "ne", "net", "nom", "or",  "org"};
constexpr std::array<std::string_view, 16> kShared = {"amazonaws.com", "appspot.com",    "azure.com", "azure.net",
                                                      "azurecr.io",    "cloudfront.net", "github.io", "gitlab.io",
                                                      "herokuapp.com", "netlify.app",    "on.aws",    "pages.dev",
                                                      "pkg.dev",       "run.app",        "web.app",   "windows.net"};

bool IsSharedSuffix(std::string_view two_labels) {
  if (std::find(kShared.begin(), kShared.end(), two_labels) != kShared.end()) return true;
  const std::size_t dot = two_labels.find('.');
  const std::string_view second = two_labels.substr(0, dot);
  const std::string_view top = two_labels.substr(dot + 1);
  return top.size() == 2 && std::find(kSecondLevels.begin(), kSecondLevels.end(), second) != kSecondLevels.end();
}

}  // namespace

AddressKind KindOfAddress(std::string_view host) {
  std::string text(host);
  if (text.size() > 1 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    text = text.substr(0, text.find('%'));
    in6_addr v6{};
    return inet_pton(AF_INET6, text.c_str(), &v6) == 1 ? KindOfV6(v6) : AddressKind::kName;
  }
  if (IsLocalhost(text)) return AddressKind::kLoopback;
  if (text.ends_with('.')) text.pop_back();
  in_addr v4{};
  // inet_aton: the resolver also takes "127.1" and "0x7f000001" for addresses.
  return inet_aton(text.c_str(), &v4) == 1 ? KindOfV4(ntohl(v4.s_addr)) : AddressKind::kName;
}

bool IsWithin(AddressKind kind, AddressKind innermost) {
  switch (kind) {
    case AddressKind::kPublic:
      return true;
    case AddressKind::kPrivate:
      return innermost == AddressKind::kPrivate || innermost == AddressKind::kLoopback;
    case AddressKind::kLoopback:
    case AddressKind::kAny:
      return innermost == AddressKind::kLoopback;
    case AddressKind::kLinkLocal:
    case AddressKind::kName:
      break;
  }
  return false;
}

std::string_view RegistrableDomain(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (KindOfAddress(host) != AddressKind::kName) return {};
  const std::size_t last = host.rfind('.');
  if (last == std::string_view::npos || last == 0) return {};
  const std::size_t second = host.rfind('.', last - 1);
  if (second == std::string_view::npos) return IsSharedSuffix(host) ? std::string_view{} : host;
  if (!IsSharedSuffix(host.substr(second + 1))) return host.substr(second + 1);
  if (second == 0) return {};
  const std::size_t third = host.rfind('.', second - 1);
  return third == std::string_view::npos ? host : host.substr(third + 1);
}

}  // namespace tagdrift::registry
