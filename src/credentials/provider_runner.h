#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "credentials/expiring.h"
#include "credentials/provider_config.h"
#include "credentials/provider_response.h"
#include "credentials/single_flight.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// Runs one provider and keeps its answers for as long and for what they are good. Thread safe; one run at a time, so
/// that a registry's first images do not all start the program.
class ProviderRunner {
 public:
  using Answer = absl::StatusOr<std::vector<Entry>>;

  ProviderRunner(Provider provider, const Options& options);

  bool Matches(const ImagePattern& image) const;

  /// The entries for `image`, which it matches. A failure holds for a minute. Errors: with the provider's name.
  Answer Ask(const std::string& image);

 private:
  std::optional<Answer> Known(const std::string& image) const;
  Answer AskNow(const std::string& image);
  absl::StatusOr<ProviderResponse> Run(const std::string& image) const;

  const Provider provider_;
  const std::string program_;
  std::vector<std::string> environment_;
  const std::shared_ptr<Process> process_;
  const std::function<Time()> now_;
  const std::stop_token stop_;
  std::mutex turn_;
  Expiring<Answer> known_;
  SingleFlight<Answer> flights_;
};

}  // namespace tagdrift::credentials
