#include "serve_command.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "agent_options.h"
#include "config_file.h"
#include "group.h"
#include "invocation.h"
#include "logging.h"
#include "node_options.h"
#include "origin_option.h"
#include "output.h"
#include "tagdrift/serve/serve.h"
#include "tagdrift/text/text.h"
#include "value_checks.h"

namespace tagdrift::cli {
namespace {

/// What an action under way may take to be finished or taken back.
constexpr std::chrono::seconds kEnding(25);
/// Of rounds nobody waits for: half a request a second to each registry, after a burst of a minute's worth.
constexpr double kRequestsPerSecond = 0.5;
constexpr int kBurst = 30;

struct ServeArguments {
  NodeOptions node;
  std::string socket_dir = "/run/tagdrift";
  std::string reader_group;
  std::string operator_group;
  serve::TlsAccess tls;
  std::string metrics = "127.0.0.1:9614";
  std::string health = "127.0.0.1:9615";
  absl::Duration interval = absl::Hours(1);
  std::vector<std::string> ignored;
  std::vector<std::string> actions;
  bool allow_to = false;
  bool allow_force = false;
  bool allow_private = false;
  std::vector<std::string> actions_on;
  std::vector<std::string> protect;
  int disk_threshold = 85;
  bool check_config = false;
  bool print_config = false;
};

absl::Status Invalid(const std::string& option, const std::string& why) {
  return absl::InvalidArgumentError(option + ": " + why);
}

/// The owner alone where there is no group.
absl::StatusOr<serve::SocketAccess> AccessOf(const std::string& option, const std::string& group) {
  if (group.empty()) return serve::SocketAccess{};
  const auto id = FindGroup(group);
  if (!id.ok()) return Invalid(option, text::MessageOf(id.status()));
  return serve::SocketAccess{.group = *id, .mode = 0660};
}

absl::StatusOr<std::vector<agent::NamePattern>> PatternsOf(const std::string& option,
                                                           const std::vector<std::string>& texts) {
  auto patterns = agent::ParsePatterns(texts);
  if (!patterns.ok()) return Invalid(option, text::MessageOf(patterns.status()));
  return patterns;
}

std::set<judge::ActionKind> ActionsNamed(const std::vector<std::string>& words) {
  std::set<judge::ActionKind> actions;
  for (const std::string& word : words) {
    if (word == "refresh" || word == "all") actions.insert(judge::ActionKind::kRefresh);
    if (word == "prepull" || word == "all") actions.insert(judge::ActionKind::kPrePull);
    if (word == "evict" || word == "all") actions.insert(judge::ActionKind::kEvict);
  }
  return actions;
}

absl::StatusOr<serve::Options> OptionsFrom(const ServeArguments& arguments) {
  // Commands that operators paste are no background rounds.
  NodeOptions node = arguments.node;
  node.politeness.politeness = {};
  serve::Options options{.version = TAGDRIFT_VERSION,
                         .host_root = arguments.node.host_root,
                         .socket_dir = arguments.socket_dir,
                         .tls = arguments.tls,
                         .metrics = arguments.metrics == "off" ? "" : arguments.metrics,
                         .health = arguments.health == "off" ? "" : arguments.health,
                         .interval = arguments.interval,
                         .state_dir = arguments.node.state_dir,
                         .invocation = InvocationOf(node)};
  auto readers = AccessOf("--reader-group", arguments.reader_group);
  if (!readers.ok()) return readers.status();
  options.readers = *readers;
  auto operators = AccessOf("--operator-group", arguments.operator_group);
  if (!operators.ok()) return operators.status();
  options.operators = *operators;
  if (!arguments.tls.address.empty()) {
    if (absl::Status tls = serve::CheckTlsAccess(arguments.tls); !tls.ok()) return tls;
  }
  auto origins = ReadOrigins(arguments.node.origins);
  if (!origins.ok()) return origins.status();
  options.check.origins = *std::move(origins);
  auto ignored = PatternsOf("--ignore", arguments.ignored);
  if (!ignored.ok()) return ignored.status();
  options.check.selection.ignored = *std::move(ignored);
  auto repositories = PatternsOf("--actions-on", arguments.actions_on);
  if (!repositories.ok()) return repositories.status();
  auto protect = PatternsOf("--protect", arguments.protect);
  if (!protect.ok()) return protect.status();
  options.actions = {.enabled = ActionsNamed(arguments.actions),
                     .allow_to = arguments.allow_to,
                     .allow_force = arguments.allow_force,
                     .allow_private = arguments.allow_private,
                     .repositories = *std::move(repositories),
                     .protect = *std::move(protect),
                     .disk_threshold = arguments.disk_threshold};
  const LogFormat log_format = arguments.node.log_format;
  if (absl::Status places = serve::CheckPlaces(options); !places.ok()) return places;
  options.audit = [log_format](const report::AuditRecord& record) { return WriteAudit(record, log_format); };
  return options;
}

/// No error: a configuration may be checked elsewhere than on the nodes that it is for.
void TellWhereStateDirIsMissing(const std::string& path) {
  std::error_code ignored;
  if (path.empty() || std::filesystem::is_directory(path, ignored)) return;
  spdlog::warn("--state-dir {}: there is no such directory here; it has to exist where the agent runs", path);
}

int RunServe(const ServeArguments& arguments, StopOnSignal& stop) {
  LogToStandardError(true, arguments.node.log_format);
  auto options = OptionsFrom(arguments);
  if (!options.ok()) return ExitCodeOf(options.status(), 0);
  const auto agent = MakeAgent(arguments.node);
  if (!agent.ok()) return ExitCodeOf(agent.status(), 0);
  if (arguments.check_config) {
    TellWhereStateDirIsMissing(arguments.node.state_dir);
    return Print("the configuration is fine\n");
  }
  stop.Allow(kEnding);
  const absl::Status served = serve::Serve(*std::move(options), **agent, stop.token());
  return served.ok() ? 0 : ExitCodeOf(served, 0);
}

void AddTlsOptions(CLI::App& command, serve::TlsAccess& tls) {
  const std::string group = "Access";
  CLI::Option* listen = command.add_option("--listen", tls.address, "Also serve on TCP, over mutual TLS [none]")
                            ->check(AddressTrouble)
                            ->type_name("HOST:PORT")
                            ->group(group);
  const auto file = [&](const char* name, std::string& value, const char* what) {
    CLI::Option* option = command.add_option(name, value, what)->type_name("FILE")->group(group)->needs(listen);
    listen->needs(option);
  };
  file("--tls-cert", tls.certificate, "Certificate for --listen and its chain, PEM; read again when it changes");
  file("--tls-key", tls.key, "Its key");
  file("--tls-client-ca", tls.client_ca, "Authority of the clients' certificates");
  const auto names = [&](const char* name, std::vector<std::string>& patterns, const char* what) {
    command.add_option(name, patterns, what)
        ->type_name("PATTERN")
        ->allow_extra_args(false)
        ->group(group)
        ->needs(listen);
  };
  names("--reader-name", tls.readers, "Certificates (SAN, else CN) that may read; repeatable [all of the authority]");
  names("--operator-name", tls.operators, "Certificates that may also act; repeatable [none]");
}

void AddAccessOptions(CLI::App& command, ServeArguments& arguments) {
  const std::string group = "Access";
  command
      .add_option("--socket-dir", arguments.socket_dir, "Where reader.sock and operator.sock are made [/run/tagdrift]")
      ->type_name("DIR")
      ->group(group);
  command
      .add_option("--reader-group", arguments.reader_group, "Group that may connect to reader.sock [the owner alone]")
      ->check(GroupTrouble)
      ->type_name("GROUP")
      ->group(group);
  command
      .add_option("--operator-group", arguments.operator_group,
                  "Group that may connect to operator.sock [the owner alone]")
      ->check(GroupTrouble)
      ->type_name("GROUP")
      ->group(group);
  AddTlsOptions(command, arguments.tls);
  const auto address = [&](const char* name, std::string& value, const char* what) {
    command.add_option(name, value, what)->check(AddressOrOffTrouble)->type_name("HOST:PORT")->group(group);
  };
  address("--metrics", arguments.metrics, "Where /metrics is served, or off [127.0.0.1:9614]");
  address("--health", arguments.health, "Where /healthz and /readyz are served, or off [127.0.0.1:9615]");
}

void AddActionOptions(CLI::App& command, ServeArguments& arguments) {
  const std::string group = "Actions";
  command
      .add_option("--enable-actions", arguments.actions, "What operators may do: refresh,prepull,evict, or all [none]")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"refresh", "prepull", "evict", "all"}))
      ->type_name("LIST")
      ->group(group);
  command.add_option("--actions-on", arguments.actions_on, "Only on names that match; repeatable")
      ->check(PatternTrouble)
      ->type_name("PATTERN")
      ->allow_extra_args(false)
      ->group(group);
  command.add_flag("--allow-to", arguments.allow_to, "refresh may point a tag to another digest than the origin's")
      ->group(group);
  command.add_flag("--allow-force", arguments.allow_force, "evict may override refusals")->group(group);
  command
      .add_flag("--allow-private", arguments.allow_private,
                "refresh and prepull may bring images that every pod on this node can use then")
      ->group(group);
  command.add_option("--protect", arguments.protect, "Never evict names that match; repeatable")
      ->check(PatternTrouble)
      ->type_name("PATTERN")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_option("--disk-threshold", arguments.disk_threshold, "Refuse to fill the image file system above this [85]")
      ->check(CLI::Range(1, 100))
      ->type_name("PERCENT")
      ->group(group);
}

void ReadInterval(ServeArguments& arguments, const std::string& text) {
  if (!absl::ParseDuration(text, &arguments.interval) || arguments.interval < absl::Seconds(1) ||
      arguments.interval > absl::Hours(24 * 7)) {
    throw CLI::ValidationError("--interval", "'" + text + "' is no time between 1s and 168h (1h, 30m)");
  }
}

}  // namespace

void AddServeCommand(CLI::App& app, StopOnSignal& stop, int& exit_code) {
  CLI::App& command =
      *app.add_subcommand("serve", "The daemon: keeps the report current, answers over gRPC, feeds Prometheus");
  auto arguments = std::make_shared<ServeArguments>();
  command
      .add_option_function<std::string>(
          "--interval", [arguments](const std::string& text) { ReadInterval(*arguments, text); },
          "How often registries are asked about tags in use; about others every sixth time [1h]")
      ->type_name("DURATION");
  command.add_option("--ignore", arguments->ignored, "Leave these names out; repeatable")
      ->check(PatternTrouble)
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  command.add_flag("--check-config", arguments->check_config, "Check options and configuration file, and end")
      ->configurable(false);
  command.add_flag("--print-config", arguments->print_config, "Print a configuration file of all options, and end")
      ->configurable(false);
  AddAccessOptions(command, *arguments);
  AddActionOptions(command, *arguments);
  arguments->node.politeness.politeness.requests_per_second = kRequestsPerSecond;
  arguments->node.politeness.politeness.burst = kBurst;
  AddNodeOptions(command, arguments->node);
  command.get_option("--max-rate")
      ->description("Begin at most so many requests a second to each registry, 30 at once after a pause [0.5]");
  command.remove_option(command.get_option("--timeout"));
  command.remove_option(command.get_option("--verbose"));
  command.footer(
      "Exit codes: 0 ended by a signal, 2 could not begin, 64 usage.\n\n"
      "Examples:\n"
      "  tagdrift serve --state-dir /var/lib/tagdrift             # as a DaemonSet does\n"
      "  tagdrift serve --interval 10m --enable-actions refresh,prepull\n"
      "  tagdrift serve --config /etc/tagdrift.toml --check-config");
  command.callback([&command, arguments, &stop, &exit_code] {
    exit_code = arguments->print_config ? Print(ConfigReference(command)) : RunServe(*arguments, stop);
  });
}

}  // namespace tagdrift::cli
