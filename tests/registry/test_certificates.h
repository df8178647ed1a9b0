#pragma once

#include <memory>
#include <string>

#include "test_server.h"

namespace tagdrift::registry {

/// A certificate authority made on the spot.
class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  /// The authority's certificate, PEM.
  std::string Certificate() const;

  /// A pair for `names` ("IP:127.0.0.1,DNS:localhost"; empty: only the common name 127.0.0.1), valid until `days` from
  /// now.
  std::unique_ptr<ServerPair> Issue(const std::string& names, int days = 1) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tagdrift::registry
