#include "mirrors_command.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent_options.h"
#include "logging.h"
#include "node_options.h"
#include "output.h"
#include "output_format.h"
#include "remote_options.h"
#include "tagdrift/agent/mirrors.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/node/settings.h"
#include "tagdrift/render/exit_code.h"
#include "tagdrift/render/render.h"
#include "tagdrift/report/report.h"

namespace tagdrift::cli {
namespace {

struct MirrorsArguments {
  NodeOptions node;
  RemoteOptions remote;
  std::vector<std::string> registries;
  std::string format = "table";
};

bool AllAreRelative(const std::string& roots) {
  return !roots.starts_with('/') && roots.find(":/") == std::string::npos;
}

std::string FromHere(const std::string& path) { return (std::filesystem::current_path() / path).lexically_normal(); }

std::string AbsoluteRoots(const std::string& roots) {
  std::string absolute;
  for (std::size_t begin = 0; begin <= roots.size();) {
    const std::size_t end = std::min(roots.find(':', begin), roots.size());
    absolute += (begin == 0 ? "" : ":") + FromHere(roots.substr(begin, end - begin));
    begin = end + 1;
  }
  return absolute;
}

/// Neither network nor runtime is needed when the version and the files are given. Relative names are those of the
/// working directory, unless the node's root is elsewhere.
absl::StatusOr<agent::RegistryConfiguration> Offline(const NodeOptions& options, const CallContext& context) {
  node::SettingsOverrides stated{options.containerd_config, options.registry_config_path, options.containerd_version,
                                 options.image_pull};
  std::string root = options.host_root;
  if (root == "/" && stated.containerd_config) {
    stated.containerd_config = FromHere(*stated.containerd_config);
    if (stated.registry_config_path && AllAreRelative(*stated.registry_config_path)) {
      stated.registry_config_path = AbsoluteRoots(*stated.registry_config_path);
    }
  } else if (root == "/" && AllAreRelative(*stated.registry_config_path)) {
    root = ".";
  }
  auto tree = hosts::FileTree::Open(
      root, [context] { return context.Check(SystemClock()->Steady(), "reading the configuration"); });
  if (!tree.ok()) return tree.status();
  if (stated.containerd_config && absl::IsNotFound(tree->Stat(*stated.containerd_config).status())) {
    return absl::NotFoundError("--containerd-config " + *stated.containerd_config + ": no such file below " +
                               tree->root());
  }
  hosts::RegistrySettings settings = node::StatedSettings(*tree, stated);
  return agent::RegistryConfiguration{.tree = std::make_shared<const hosts::FileTree>(*std::move(tree)),
                                      .settings = std::move(settings),
                                      .cached_registries = {}};
}

absl::StatusOr<agent::RegistryConfiguration> Learn(const NodeOptions& options, const StopOnSignal& stop) {
  const CallContext context = ContextOf(options, stop.token());
  const bool has_files = options.registry_config_path || options.containerd_config;
  if (has_files && options.containerd_version) return Offline(options, context);
  const auto agent = MakeAgent(options);
  if (!agent.ok()) return agent.status();
  return (*agent)->Configuration(context);
}

absl::StatusOr<v1::MirrorsReport> ReportOfAgent(const MirrorsArguments& arguments, const StopOnSignal& stop) {
  auto agent = ConnectTo(arguments.remote);
  if (!agent.ok()) return agent.status();
  v1::ListRegistriesRequest request;
  for (const std::string& registry : arguments.registries) request.add_registries(registry);
  return agent->ListRegistries(request, ContextOf(arguments.node, stop.token()));
}

absl::StatusOr<v1::MirrorsReport> Report(const MirrorsArguments& arguments, const StopOnSignal& stop) {
  for (const std::string& registry : arguments.registries) {
    if (absl::Status status = agent::CheckRegistry(registry); !status.ok()) return status;
  }
  if (arguments.remote.used()) return ReportOfAgent(arguments, stop);
  auto configuration = Learn(arguments.node, stop);
  if (!configuration.ok()) return configuration.status();

  const std::vector<hosts::RegistryConfig> configs =
      agent::RegistriesOf(*configuration, {arguments.registries.begin(), arguments.registries.end()});
  return report::ToMessage(configs, configuration->settings.notes);
}

int RunMirrors(const MirrorsArguments& arguments, const StopOnSignal& stop) {
  LogToStandardError(arguments.node.verbose, arguments.node.log_format);
  const auto report = Report(arguments, stop);
  if (!report.ok()) return ExitCodeOf(report.status(), stop.signal());
  const absl::Status written = WriteOut(render::Render(*report, FormatNamed(arguments.format), StyleOfTerminal()));
  return written.ok() ? render::ExitCode(*report) : ExitCodeOf(written, 0);
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
  AddRemoteOptions(command, arguments->remote);
  command.footer(
      "Exit codes: 0 all is used as written, 1 mirrors that are written down are not used or pulls fail, 2 not known "
      "or "
      "not possible, 64 usage.\n\n"
      "-o json prints the values of all configured headers, secret or not; with --agent none.\n\n"
      "Examples:\n"
      "  tagdrift mirrors                        # this node, as the running containerd reads it\n"
      "  tagdrift mirrors docker.io -o wide      # one registry, with files and lines\n"
      "  tagdrift mirrors --registry-config-path ./certs.d --containerd-version 2.1.9   # files, before they are "
      "rolled out\n"
      "  tagdrift mirrors --containerd-config ./config.toml --containerd-version 2.1.9");
  command.callback([arguments, &stop, &exit_code] { exit_code = RunMirrors(*arguments, stop); });
}

}  // namespace tagdrift::cli
