#pragma once

#include <map>
#include <string>

namespace tagdrift::registry {

/// While it lives, this process resolves the names to these IPv4 addresses, and all others as ever. One at a time.
class NamedAddresses {
 public:
  explicit NamedAddresses(std::map<std::string, std::string> addresses);
  ~NamedAddresses();
  NamedAddresses(const NamedAddresses&) = delete;
  NamedAddresses& operator=(const NamedAddresses&) = delete;
};

}  // namespace tagdrift::registry
