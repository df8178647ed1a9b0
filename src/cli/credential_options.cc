#include "credential_options.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <string_view>

#include "tagdrift/text/userinfo.h"

namespace tagdrift::cli {
namespace {

bool IsHost(std::string_view text) { return !text.empty() && text.find_first_of("/@?#= \t") == std::string_view::npos; }

}  // namespace

void AddCredentialOptions(CLI::App& command, CredentialOptions& options) {
  const std::string group = "Credentials";
  command.add_option("--auth-file", options.auth_files, "A docker config.json or containers auth.json; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_option("--pull-secrets", options.pull_secrets,
                  "A folder with mounted Kubernetes pull secrets, or with folders of them; repeatable")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->group(group);
  CLI::Option* config = command
                            .add_option("--image-credential-provider-config", options.provider_config,
                                        "The kubelet's credential provider plugins: its option of this name")
                            ->type_name("PATH")
                            ->group(group);
  CLI::Option* bin_dir = command
                             .add_option("--image-credential-provider-bin-dir", options.provider_bin_dir,
                                         "Where these plugins are: the kubelet's option of this name")
                             ->type_name("DIR")
                             ->group(group);
  config->needs(bin_dir);
  bin_dir->needs(config);
  command
      .add_option("--share-credentials", options.shared,
                  "Let this mirror have the registry's credentials too, as containerd does; repeatable")
      ->check([](const std::string& value) { return std::string(ReadShared({value}).status().message()); })
      ->type_name("MIRROR=REGISTRY")
      ->allow_extra_args(false)
      ->group(group);
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ReadShared(const std::vector<std::string>& values) {
  std::vector<std::pair<std::string, std::string>> shared;
  for (const std::string& value : values) {
    const std::size_t equals = value.find('=');
    const std::string mirror = value.substr(0, equals);
    const std::string registry = equals == std::string::npos ? "" : value.substr(equals + 1);
    if (!IsHost(mirror) || !IsHost(registry)) {
      return absl::InvalidArgumentError(fmt::format(
          "'{}' is not MIRROR=REGISTRY; write both as hosts with their ports, e.g. mirror.corp:5000=docker.io",
          text::WithoutUserinfo(value)));
    }
    shared.emplace_back(mirror, registry);
  }
  return shared;
}

absl::StatusOr<credentials::Options> ReadCredentialOptions(const CredentialOptions& options,
                                                           std::map<std::string, std::string> environment) {
  auto shared = ReadShared(options.shared);
  if (!shared.ok()) return shared.status();
  return credentials::Options{.auth_files = options.auth_files,
                              .pull_secrets = options.pull_secrets,
                              .provider_config = options.provider_config,
                              .provider_bin_dir = options.provider_bin_dir,
                              .shared = *std::move(shared),
                              .environment = std::move(environment),
                              .warn = [](const std::string& text) { spdlog::warn("{}", text); }};
}

}  // namespace tagdrift::cli
