#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "credentials/expiring.h"
#include "credentials/single_flight.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// Docker credential helpers, `docker-credential-<name>` in the PATH. Thread safe.
class Helpers {
 public:
  /// Nothing: the helper has none.
  using Answer = absl::StatusOr<std::optional<registry::Credential>>;

  explicit Helpers(const Options& options);

  /// Asks one for `host`; Docker Hub is asked for by its address of old. An answer holds for five minutes, a failure
  /// for one. Errors: what failed, without anything the helper wrote.
  Answer Get(const std::string& name, std::string_view host);

 private:
  Answer Ask(const std::string& name, const std::string& address);
  std::optional<std::string> ProgramOf(const std::string& name) const;

  const std::map<std::string, std::string> environment_;
  const std::shared_ptr<Process> process_;
  const std::function<Time()> now_;
  const std::stop_token stop_;
  Expiring<Answer> known_;
  SingleFlight<Answer> flights_;
};

/// What a helper may see of this process's environment, as NAME=value: PATH, HOME and what cloud tools look at.
std::vector<std::string> HelperEnvironment(const std::map<std::string, std::string>& environment);

}  // namespace tagdrift::credentials
