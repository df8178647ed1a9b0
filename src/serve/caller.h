#pragma once

#include <grpcpp/server_context.h>

#include <string>

namespace tagdrift::serve {

enum class Role { kReader, kOperator };

/// Who calls, and what the way in makes of him.
struct Caller {
  Role role = Role::kReader;
  std::string name;  ///< "uid 1000 at operator.sock", or the certificate's
};

/// A way in. Thread safe.
class Entrance {
 public:
  virtual ~Entrance() = default;

  virtual Caller CallerOf(const grpc::ServerContextBase& context) const = 0;
};

}  // namespace tagdrift::serve
