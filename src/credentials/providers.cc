#include "credentials/providers.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "credentials/keyring.h"
#include "credentials/provider_runner.h"

namespace tagdrift::credentials {
namespace {

using Runners = std::vector<std::unique_ptr<ProviderRunner>>;

class Providers : public registry::CredentialSource {
 public:
  explicit Providers(Runners runners) : runners_(std::move(runners)) {}

  registry::CredentialAnswer Find(std::string_view host, std::string_view repository) const override {
    const std::string image = ImageName(host, repository);
    const std::optional<ImagePattern> asked = ImagePattern::Parse(image);
    if (!asked) return {};
    Keyring keyring;
    registry::CredentialAnswer answer;
    for (const auto& runner : runners_) {
      if (!runner->Matches(*asked)) continue;
      const ProviderRunner::Answer entries = runner->Ask(image);
      if (!entries.ok() && answer.error.empty()) answer.error = std::string(entries.status().message());
      if (!entries.ok()) continue;
      for (const Entry& entry : *entries) keyring.Add(entry.key, entry.credential);
    }
    answer.candidates = keyring.Find(image);
    return answer;
  }

 private:
  const Runners runners_;
};

absl::Status CheckProgram(const std::string& program) {
  struct stat info {};
  const char* what = nullptr;
  if (stat(program.c_str(), &info) != 0) {
    what = "there is no such file";
  } else if (!S_ISREG(info.st_mode) || access(program.c_str(), X_OK) != 0) {
    what = "not an executable file";
  }
  if (what == nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format("credential provider {}: {}", program, what));
}

absl::Status CheckOptions(const Options& options) {
  if (options.provider_config.empty()) {
    return absl::InvalidArgumentError(
        "--image-credential-provider-bin-dir needs --image-credential-provider-config, as for the kubelet");
  }
  if (options.provider_bin_dir.empty()) {
    return absl::InvalidArgumentError(
        "--image-credential-provider-config needs --image-credential-provider-bin-dir, as for the kubelet");
  }
  struct stat info {};
  if (stat(options.provider_bin_dir.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("--image-credential-provider-bin-dir {}: there is no such folder", options.provider_bin_dir));
}

}  // namespace

absl::StatusOr<SourcePtr> OpenProviders(const Options& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  absl::StatusOr<std::vector<Provider>> providers = ReadProviderConfig(options.provider_config);
  if (!providers.ok()) return providers.status();
  Runners runners;
  for (Provider& provider : *providers) {
    absl::Status status = CheckProgram(options.provider_bin_dir + "/" + provider.name);
    if (!status.ok()) return status;
    runners.push_back(std::make_unique<ProviderRunner>(std::move(provider), options));
  }
  return std::make_unique<Providers>(std::move(runners));
}

}  // namespace tagdrift::credentials
