#include "serve/listen_at.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "tagdrift/serve/serve.h"

namespace tagdrift::serve {
namespace {

struct Place {
  sockaddr_storage address = {};
  socklen_t size = 0;
};

absl::StatusOr<Place> Parse(std::string_view text) {
  const absl::Status malformed = absl::InvalidArgumentError(
      fmt::format("'{}' is no address to listen at: write IP:PORT, with an IPv6 address in brackets", text));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed;
  std::string_view host = text.substr(0, colon);
  const std::string port(text.substr(colon + 1));
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size()) return malformed;
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty() || brackets != (host.find(':') != std::string_view::npos)) return malformed;

  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(std::string(host).c_str(), port.c_str(), &hints, &found) != 0) return malformed;
  Place place;
  place.size = found->ai_addrlen;
  std::copy_n(reinterpret_cast<const char*>(found->ai_addr), place.size, reinterpret_cast<char*>(&place.address));
  freeaddrinfo(found);
  return place;
}

std::uint16_t PortIn(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

/// All of the node's addresses take in that of `other`; IPv6's also those of IPv4.
bool TakesIn(const Place& all, const Place& other) {
  if (all.address.ss_family == AF_INET6) {
    return IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6&>(all.address).sin6_addr);
  }
  return other.address.ss_family == AF_INET &&
         reinterpret_cast<const sockaddr_in&>(all.address).sin_addr.s_addr == htonl(INADDR_ANY);
}

bool IsSame(const Place& one, const Place& other) {
  return one.size == other.size && std::memcmp(&one.address, &other.address, one.size) == 0;
}

}  // namespace

absl::Status CheckAddress(std::string_view address) { return Parse(address).status(); }

absl::StatusOr<int> ListenAt(std::string_view address) {
  const absl::StatusOr<Place> place = Parse(address);
  if (!place.ok()) return place.status();
  const auto failed = [&] { return absl::ErrnoToStatus(errno, fmt::format("listening at {}", address)); };
  const int listening = socket(place->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listening < 0) return failed();
  absl::Cleanup close_listening = [listening] { close(listening); };
  const int yes = 1;
  setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listening, reinterpret_cast<const sockaddr*>(&place->address), place->size) != 0) return failed();
  if (listen(listening, SOMAXCONN) != 0) return failed();
  std::move(close_listening).Cancel();
  return listening;
}

std::uint16_t PortOf(int socket) {
  sockaddr_storage bound = {};
  socklen_t size = sizeof bound;
  getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
  return PortIn(bound);
}

bool Collide(std::string_view one, std::string_view other) {
  const absl::StatusOr<Place> first = Parse(one);
  const absl::StatusOr<Place> second = Parse(other);
  if (!first.ok() || !second.ok()) return false;
  const std::uint16_t port = PortIn(first->address);
  if (port == 0 || port != PortIn(second->address)) return false;
  return IsSame(*first, *second) || TakesIn(*first, *second) || TakesIn(*second, *first);
}

}  // namespace tagdrift::serve
