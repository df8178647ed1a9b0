#include <utility>
#include <vector>

#include "credentials/auth_file.h"
#include "credentials/endpoint_auths.h"
#include "credentials/once.h"
#include "credentials/providers.h"
#include "credentials/pull_secrets.h"
#include "credentials/sources.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {
namespace {

/// Adds what was opened, or says why it was not.
absl::Status Add(absl::StatusOr<SourcePtr> source, std::vector<SourcePtr>& sources) {
  if (!source.ok()) return source.status();
  sources.push_back(*std::move(source));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<registry::CredentialSource>> Open(Options options) {
  options.warn = Once(std::move(options.warn));
  std::vector<SourcePtr> sources;
  const auto helpers = std::make_shared<Helpers>(options);
  for (const std::string& path : options.auth_files) {
    if (absl::Status status = Add(OpenAuthFile(path, options, helpers), sources); !status.ok()) return status;
  }
  if (!options.pull_secrets.empty()) {
    if (absl::Status status = Add(OpenPullSecrets(options), sources); !status.ok()) return status;
  }
  if (!options.provider_config.empty() || !options.provider_bin_dir.empty()) {
    if (absl::Status status = Add(OpenProviders(options), sources); !status.ok()) return status;
  }
  sources.push_back(EndpointAuths(options.endpoint_auths, options.warn));
  return AskAll(std::move(sources), std::move(options.shared));
}

}  // namespace tagdrift::credentials
