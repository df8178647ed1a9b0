#pragma once

#include <grpcpp/server_context.h>

#include <optional>
#include <string>

namespace tagdrift::serve {

enum class Role { kReader, kOperator };

/// Who calls, and what the way in makes of him.
struct Caller {
  std::optional<Role> role = Role::kReader;  ///< nothing: he is known, and may do nothing
  std::string name;                          ///< "uid 1000 at operator.sock", "ci.corp at 10.0.0.5:43210"; printable
  std::string id;                            ///< the same wherever he calls from: by his uid or the certificate's name
};

/// A way in. Thread safe.
class Entrance {
 public:
  virtual ~Entrance() = default;

  virtual Caller CallerOf(const grpc::ServerContextBase& context) const = 0;
};

/// What he may have is what a reader may, where he may do nothing.
inline Role RoleOf(const Caller& caller) { return caller.role.value_or(Role::kReader); }

}  // namespace tagdrift::serve
