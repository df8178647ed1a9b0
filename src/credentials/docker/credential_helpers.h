#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "credentials/expiring_cache.h"
#include "credentials/single_flight.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// Docker credential helpers, `docker-credential-<name>` in the PATH. Thread safe.
class Helpers {
 public:
  /// Nothing: the helper has none.
  using Answer = absl::StatusOr<std::optional<registry::Credential>>;

  explicit Helpers(const Options& options);

  /// Asks one for `host`; for Docker Hub by the address under which docker stores it. An answer holds for five minutes,
  /// a failure for one. Errors: what failed, without anything the helper wrote; Cancelled when the context ended.
  Answer Get(const std::string& name, std::string_view host, const CallContext& context);

 private:
  Answer GetAndRemember(const std::string& name, const std::string& address, const CallContext& context);
  Answer Run(const std::string& name, const std::string& address, const CallContext& context) const;
  std::optional<std::string> ProgramOf(const std::string& name) const;

  const std::map<std::string, std::string> environment_;
  const std::shared_ptr<Process> process_;
  const std::shared_ptr<const Clock> clock_;
  ExpiringCache<Answer> answers_;
  SingleFlight<std::optional<registry::Credential>> flights_;
};

/// What a helper may see of this process's environment, as NAME=value: PATH, HOME and what cloud tools look at.
std::vector<std::string> HelperEnvironment(const std::map<std::string, std::string>& environment);

}  // namespace tagdrift::credentials
