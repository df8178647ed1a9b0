#include "credentials/kubelet/providers.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "credentials/file_backed.h"
#include "credentials/kubelet/keyring.h"
#include "credentials/kubelet/provider_plugin.h"
#include "credentials/shown_key.h"

namespace tagdrift::credentials {
namespace {

using Plugins = std::vector<std::shared_ptr<ProviderPlugin>>;

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

absl::Status CheckFolder(const std::string& folder) {
  struct stat info {};
  if (stat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("--image-credential-provider-bin-dir {}: there is no such folder", folder));
}

absl::StatusOr<Plugins> ReadPlugins(const Options& options) {
  if (absl::Status status = CheckFolder(options.provider_bin_dir); !status.ok()) return status;
  absl::StatusOr<std::vector<Provider>> providers = ReadProviderConfig(options.provider_config);
  if (!providers.ok()) return providers.status();
  Plugins plugins;
  for (Provider& provider : *providers) {
    absl::Status status = CheckProgram(options.provider_bin_dir + "/" + provider.name);
    if (!status.ok()) return status;
    plugins.push_back(std::make_shared<ProviderPlugin>(std::move(provider), options));
  }
  return plugins;
}

/// A program that is added or removed changes the stamp of the folder.
FileStamps StampsOf(const Options& options) {
  FileStamps stamps = {{options.provider_config, StampOf(options.provider_config)},
                       {options.provider_bin_dir, StampOf(options.provider_bin_dir)}};
  const absl::StatusOr<std::vector<std::string>> files = ProviderConfigFiles(options.provider_config);
  if (!files.ok()) return stamps;
  for (const std::string& file : *files) stamps.emplace(file, StampOf(file));
  return stamps;
}

class Providers : public Source {
 public:
  explicit Providers(FileBacked<Plugins>::Calls calls) : plugins_(std::move(calls)) {}

  absl::Status Load(const CallContext& context) override { return plugins_.Load(context); }

  absl::StatusOr<Candidates> Find(std::string_view host, std::string_view repository,
                                  const CallContext& context) override {
    const absl::StatusOr<std::shared_ptr<const Plugins>> plugins = plugins_.Get(context);
    if (!plugins.ok()) return plugins.status();
    const std::string image = ImageName(host, repository);
    const std::optional<ImagePattern> asked = ImagePattern::Parse(image);
    if (!asked) return Candidates{};
    Keyring keyring;
    absl::Status error;
    for (const auto& plugin : **plugins) {
      if (!plugin->Matches(*asked)) continue;
      const ProviderPlugin::Answer entries = plugin->Ask(image, context);
      if (absl::IsCancelled(entries.status())) return entries.status();
      error.Update(entries.status());
      if (!entries.ok()) continue;
      for (const Entry& entry : *entries) keyring.Add(entry.key, entry.credential);
    }
    Candidates candidates = keyring.Find(image);
    if (candidates.empty() && !error.ok()) return error;
    return candidates;
  }

  std::vector<std::string> Places(std::string_view host, std::string_view repository,
                                  const CallContext& context) override {
    const absl::StatusOr<std::shared_ptr<const Plugins>> plugins = plugins_.Get(context);
    const std::optional<ImagePattern> asked = ImagePattern::Parse(ImageName(host, repository));
    if (!plugins.ok() || !asked) return {};
    std::vector<std::string> places;
    for (const auto& plugin : **plugins) {
      if (plugin->Matches(*asked)) places.push_back("the kubelet's credential provider " + ShownKey(plugin->name()));
    }
    return places;
  }

 private:
  FileBacked<Plugins> plugins_;
};

}  // namespace

absl::Status CheckProviderOptions(const Options& options) {
  if (options.provider_config.empty() == options.provider_bin_dir.empty()) return absl::OkStatus();
  if (options.provider_config.empty()) {
    return absl::InvalidArgumentError(
        "--image-credential-provider-bin-dir needs --image-credential-provider-config, as for the kubelet");
  }
  return absl::InvalidArgumentError(
      "--image-credential-provider-config needs --image-credential-provider-bin-dir, as for the kubelet");
}

std::unique_ptr<Source> ProvidersSource(const Options& options) {
  return std::make_unique<Providers>(FileBacked<Plugins>::Calls{.stamps = [options] { return StampsOf(options); },
                                                                .read = [options] { return ReadPlugins(options); },
                                                                .warn = options.warn,
                                                                .clock = options.clock});
}

}  // namespace tagdrift::credentials
