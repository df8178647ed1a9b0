#include "mirrors_command.h"

#include <fmt/format.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "logging.h"
#include "node_options.h"
#include "output.h"
#include "output_format.h"
#include "session.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/render/exit_code.h"
#include "tagdrift/render/render.h"
#include "tagdrift/report/report.h"

namespace tagdrift::cli {
namespace {

struct MirrorsArguments {
  NodeOptions node;
  std::vector<std::string> registries;
  std::string format = "table";
};

/// Where the configuration is, how it is read, and which registries the node has images of.
struct Configuration {
  hosts::FileTree tree;
  hosts::RegistrySettings settings;
  std::set<std::string> cached;
};

bool AllAreRelative(const std::string& roots) {
  return !roots.starts_with('/') && roots.find(":/") == std::string::npos;
}

/// Neither network nor runtime is needed when directory and version are given. Relative directories are those of the
/// working directory.
absl::StatusOr<Configuration> Offline(const NodeOptions& options) {
  const bool from_here = options.host_root == "/" && AllAreRelative(*options.registry_config_path);
  auto tree = hosts::FileTree::Open(from_here ? "." : options.host_root);
  if (!tree.ok()) return tree.status();
  hosts::RegistrySettings settings;
  settings.version = *options.containerd_version;
  const bool can_transfer = settings.version >= hosts::ContainerdVersion{2, 1, 0};
  if (can_transfer) settings.pull_path = options.image_pull.value_or(hosts::PullPath::kTransfer);
  settings.config_path = *options.registry_config_path;
  settings.source = "--registry-config-path";
  return Configuration{*std::move(tree), std::move(settings), {}};
}

absl::StatusOr<Configuration> Learn(const NodeOptions& options) {
  if (options.registry_config_path && options.containerd_version) return Offline(options);
  auto session = OpenSession(options, false);
  if (!session.ok()) return session.status();
  std::set<std::string> cached;
  for (const facts::CachedImage& image : session->node.images) cached.insert(image.reference.registry());
  return Configuration{std::move(session->tree), std::move(session->settings), std::move(cached)};
}

int RunMirrors(const MirrorsArguments& arguments) {
  LogToStandardError(arguments.node.verbose);
  auto configuration = Learn(arguments.node);
  if (!configuration.ok()) return CannotBeDone(configuration.status());

  std::set<std::string> registries(arguments.registries.begin(), arguments.registries.end());
  if (registries.empty()) {
    registries = configuration->cached;
    for (std::string& name : hosts::ConfiguredRegistries(configuration->tree, configuration->settings)) {
      registries.insert(std::move(name));
    }
  }
  std::vector<hosts::RegistryConfig> configs;
  configs.reserve(registries.size());
  for (const std::string& registry : registries) {
    configs.push_back(hosts::LoadRegistryConfig(configuration->tree, configuration->settings, registry));
  }
  const v1::MirrorsReport report = report::ToMessage(configs, configuration->settings.notes);
  const absl::Status written = WriteOut(render::Render(report, FormatNamed(arguments.format), StyleOfTerminal()));
  return written.ok() ? render::ExitCode(report) : CannotBeDone(written);
}

}  // namespace

void AddMirrorsCommand(CLI::App& app, int& exit_code) {
  CLI::App& command =
      *app.add_subcommand("mirrors", "The hosts that containerd asks per registry, and what it ignores");
  auto arguments = std::make_shared<MirrorsArguments>();
  command.add_option(
      "REGISTRY", arguments->registries,
      "Registries as written in references (docker.io, registry.corp:5000); by default every one that has a "
      "cached image or a directory");
  AddOutputOption(command, arguments->format);
  AddNodeOptions(command, arguments->node);
  command.footer(
      "Exit codes: 0 all is used as written, 1 mirrors are silently not used or pulls fail, 2 not possible, 64 "
      "usage.\n\n"
      "Examples:\n"
      "  tagdrift mirrors                        # this node, as the running containerd reads it\n"
      "  tagdrift mirrors docker.io -o wide      # one registry, with files and lines\n"
      "  tagdrift mirrors --registry-config-path ./certs.d --containerd-version 2.1.9   # files, before they are "
      "rolled out");
  command.callback([arguments, &exit_code] { exit_code = RunMirrors(*arguments); });
}

}  // namespace tagdrift::cli
