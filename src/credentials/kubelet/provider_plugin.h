#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "credentials/cancellable_mutex.h"
#include "credentials/expiring_cache.h"
#include "credentials/kubelet/provider_config.h"
#include "credentials/kubelet/provider_response.h"
#include "credentials/single_flight.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// Runs one provider and caches its answers, for as long and for the images that it says. Thread safe; one run at a
/// time, so that a registry's first images do not all start the program.
class ProviderPlugin {
 public:
  using Answer = absl::StatusOr<std::vector<Entry>>;

  ProviderPlugin(Provider provider, const Options& options);

  const std::string& name() const { return provider_.name; }
  bool Matches(const ImagePattern& image) const;

  /// The entries for `image`, which it matches. A failure holds for a minute. Errors: with the provider's name;
  /// Cancelled when the context ended.
  Answer Ask(const std::string& image, const CallContext& context);

 private:
  std::optional<Answer> Known(const std::string& image) const;
  Answer AskInTurn(const std::string& image, const CallContext& context);
  Answer AskNow(const std::string& image, const CallContext& context);
  absl::Status Failed(const std::string& image, const absl::Status& status) const;
  absl::StatusOr<ProviderResponse> Run(const std::string& image, const CallContext& context) const;

  const Provider provider_;
  const std::string program_;
  const std::vector<std::string> environment_;
  const std::shared_ptr<Process> process_;
  const std::shared_ptr<const Clock> clock_;
  CancellableMutex turn_;
  ExpiringCache<Answer> answers_;
  SingleFlight<std::vector<Entry>> flights_;
};

}  // namespace tagdrift::credentials
