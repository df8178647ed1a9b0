#include "mirrors_command.h"

#include <fmt/format.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent_options.h"
#include "logging.h"
#include "node_options.h"
#include "output.h"
#include "output_format.h"
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

bool AllAreRelative(const std::string& roots) {
  return !roots.starts_with('/') && roots.find(":/") == std::string::npos;
}

/// Neither network nor runtime is needed when directory and version are given. Relative directories are those of the
/// working directory.
absl::StatusOr<agent::RegistryConfiguration> Offline(const NodeOptions& options) {
  const bool from_here = options.host_root == "/" && AllAreRelative(*options.registry_config_path);
  auto tree = hosts::FileTree::Open(from_here ? "." : options.host_root);
  if (!tree.ok()) return tree.status();
  hosts::RegistrySettings settings;
  settings.version = *options.containerd_version;
  const bool can_transfer = settings.version >= hosts::ContainerdVersion{2, 1, 0};
  if (can_transfer) settings.pull_path = options.image_pull.value_or(hosts::PullPath::kTransfer);
  settings.config_path = *options.registry_config_path;
  settings.source = "--registry-config-path";
  return agent::RegistryConfiguration{.tree = std::make_shared<const hosts::FileTree>(*std::move(tree)),
                                      .settings = std::move(settings),
                                      .cached_registries = {}};
}

absl::StatusOr<agent::RegistryConfiguration> Learn(const NodeOptions& options, const StopOnSignal& stop) {
  if (options.registry_config_path && options.containerd_version) return Offline(options);
  const CallContext context = ContextOf(options, stop.token());
  const auto agent = MakeAgent(options);
  if (!agent.ok()) return agent.status();
  return (*agent)->Configuration(context);
}

int RunMirrors(const MirrorsArguments& arguments, const StopOnSignal& stop) {
  LogToStandardError(arguments.node.verbose, arguments.node.log_format);
  auto configuration = Learn(arguments.node, stop);
  if (!configuration.ok()) return ExitCodeOf(configuration.status(), stop.signal());

  std::set<std::string> registries(arguments.registries.begin(), arguments.registries.end());
  if (registries.empty()) {
    registries = configuration->cached_registries;
    for (std::string& name : hosts::ConfiguredRegistries(*configuration->tree, configuration->settings)) {
      registries.insert(std::move(name));
    }
  }
  std::vector<hosts::RegistryConfig> configs;
  configs.reserve(registries.size());
  for (const std::string& registry : registries) {
    configs.push_back(hosts::LoadRegistryConfig(*configuration->tree, configuration->settings, registry));
  }
  const v1::MirrorsReport report = report::ToMessage(configs, configuration->settings.notes);
  const absl::Status written = WriteOut(render::Render(report, FormatNamed(arguments.format), StyleOfTerminal()));
  return written.ok() ? render::ExitCode(report) : ExitCodeOf(written, 0);
}

}  // namespace

void AddMirrorsCommand(CLI::App& app, const StopOnSignal& stop, int& exit_code) {
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
  command.callback([arguments, &stop, &exit_code] { exit_code = RunMirrors(*arguments, stop); });
}

}  // namespace tagdrift::cli
