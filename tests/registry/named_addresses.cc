#include "named_addresses.h"

#include <dlfcn.h>
#include <netdb.h>

#include <mutex>
#include <utility>

namespace {

std::mutex mutex;
std::map<std::string, std::string> addresses_of;  // mutex

std::string AddressOf(const char* name) {
  const std::lock_guard lock(mutex);
  const auto found = addresses_of.find(name == nullptr ? "" : name);
  return found == addresses_of.end() ? "" : found->second;
}

}  // namespace

/// libcurl's resolver gets this one, as the executable comes before the C library.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  static const auto original = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::string address = AddressOf(name);
  return original(address.empty() ? name : address.c_str(), service, hints, found);
}

namespace tagdrift::registry {

NamedAddresses::NamedAddresses(std::map<std::string, std::string> addresses) {
  const std::lock_guard lock(mutex);
  addresses_of = std::move(addresses);
}

NamedAddresses::~NamedAddresses() {
  const std::lock_guard lock(mutex);
  addresses_of.clear();
}

}  // namespace tagdrift::registry
