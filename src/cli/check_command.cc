#include "check_command.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "agent_options.h"
#include "agent_report.h"
#include "invocation.h"
#include "logging.h"
#include "node_options.h"
#include "origin_option.h"
#include "output.h"
#include "output_format.h"
#include "progress.h"
#include "remote_options.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/render/exit_code.h"
#include "tagdrift/render/render.h"
#include "tagdrift/report/report.h"
#include "tagdrift/text/printable.h"
#include "tagdrift/text/text.h"
#include "value_checks.h"

namespace tagdrift::cli {
namespace {

/// node-problem-detector gives a plugin 5 s by default.
constexpr absl::Duration kNpdTimeout = absl::Seconds(4);

struct CheckArguments {
  RoundArguments round;
  ReportArguments report;
  RemoteOptions remote;
  bool refresh = false;
};

absl::StatusOr<agent::CheckOptions> OptionsFrom(const RoundArguments& arguments) {
  agent::CheckOptions options;
  auto selection = SelectionFrom(arguments.patterns, arguments.ignored, arguments.in_use);
  if (!selection.ok()) return selection.status();
  auto origins = ReadOrigins(arguments.node.origins);
  if (!origins.ok()) return origins.status();
  options.selection = *std::move(selection);
  options.origins = *std::move(origins);
  options.all_hosts = arguments.all_hosts;
  options.ask_local = arguments.ask_local;
  options.with_containers = !arguments.no_containers;
  options.with_plans = arguments.with_plans && options.with_containers;
  return options;
}

void ReadFailOn(ReportArguments& arguments, const std::vector<std::string>& words) {
  const auto is_none = [](const std::string& word) { return word == "none"; };
  if (std::ranges::any_of(words, is_none) && !std::ranges::all_of(words, is_none)) {
    throw CLI::ValidationError("--fail-on", "none goes with nothing else");
  }
  arguments.fail_on = words;
}

render::FailOn FailOnOf(const std::vector<std::string>& words) {
  render::FailOn fail_on{false, false, false, false};
  for (const std::string& word : words) {
    if (word == "stale") fail_on.stale = true;
    if (word == "gone") fail_on.gone = true;
    if (word == "risk") fail_on.risk = true;
    if (word == "undecided") fail_on.undecided = true;
  }
  return fail_on;
}

/// node-problem-detector's own options leave open how its node is looked at: then an agent that runs there knows.
bool MayAskAgentHere(const CheckArguments& arguments) {
  const std::vector<std::string> given = GivenNodeOptions(*arguments.remote.command);
  return arguments.report.npd && std::ranges::all_of(given, [](const auto& name) { return name == "--host-root"; });
}

absl::StatusOr<v1::NodeReport> Report(const CheckArguments& arguments, const StopOnSignal& stop) {
  const CallContext context = ContextOf(arguments.round.node, stop.token());
  if (arguments.remote.used()) {
    auto agent = ConnectTo(arguments.remote);
    if (!agent.ok()) return agent.status();
    return ReportOfAgent(*agent, arguments.round, arguments.refresh, context);
  }
  if (MayAskAgentHere(arguments)) {
    if (auto report = ReportOfAgentHere(arguments.round, context)) return *std::move(report);
  }
  const auto round = RunRound(arguments.round, context);
  if (!round.ok()) return round.status();
  return report::ToMessage(*round, InvocationOf(arguments.round.node));
}

void WriteHeadline(const std::string& file, const std::string& headline) {
  if (file.empty()) return;
  std::ofstream stream(file);
  stream << headline << '\n';
  stream.close();
  if (!stream) PrintError("--headline-to " + file + ": it cannot be written");
}

int RunCheck(const CheckArguments& arguments, const StopOnSignal& stop) {
  LogToStandardError(arguments.round.node.verbose, arguments.round.node.log_format);
  auto report = Report(arguments, stop);
  if (!report.ok()) {
    WriteHeadline(arguments.report.headline_to, text::Printable(text::MessageOf(report.status())));
    if (arguments.report.npd)
      WriteOut(render::NpdLine(text::Printable(text::MessageOf(report.status())))).IgnoreError();
    return ExitCodeOf(report.status(), stop.signal());
  }
  return PrintReport(*std::move(report), arguments.report, arguments.report.all || !arguments.round.patterns.empty());
}

}  // namespace

absl::StatusOr<agent::Selection> SelectionFrom(const std::vector<std::string>& patterns,
                                               const std::vector<std::string>& ignored, bool in_use) {
  auto selected = agent::ParsePatterns(patterns);
  if (!selected.ok()) return selected.status();
  auto left_out = agent::ParsePatterns(ignored);
  if (!left_out.ok()) return left_out.status();
  return agent::Selection{*std::move(selected), *std::move(left_out), in_use};
}

absl::StatusOr<report::Round> RunRound(const NodeOptions& node, agent::CheckOptions options,
                                       const CallContext& context) {
  const auto agent = MakeAgent(node);
  if (!agent.ok()) return agent.status();
  ProgressLine line(isatty(STDERR_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr);
  options.progress = [&line](std::size_t done, std::size_t total) { line.Settled(done, total); };
  options.waiting = [&line](const std::string& host, std::size_t open) { line.Waiting(host, open); };
  auto round = (*agent)->Check(options, context);
  if (!round.ok()) return round.status();
  const registry::Client::Counts counts = (*agent)->counts();
  spdlog::info("{} requests, {} for tokens, over {} connections", counts.requests, counts.token_requests,
               counts.connections);
  return round;
}

absl::StatusOr<report::Round> RunRound(const RoundArguments& arguments, const CallContext& context) {
  auto options = OptionsFrom(arguments);
  return options.ok() ? RunRound(arguments.node, *std::move(options), context) : options.status();
}

int PrintReport(v1::NodeReport report, const ReportArguments& arguments, bool all) {
  WriteHeadline(arguments.headline_to, report.summary().headline());
  const int exit_code = render::ExitCode(report, FailOnOf(arguments.fail_on));
  if (arguments.stale_only) render::KeepStale(report);
  render::Style style = StyleOfTerminal();
  style.all = all;
  const std::string text =
      arguments.npd ? render::NpdLine(report) : render::Render(report, FormatNamed(arguments.format), style);
  if (absl::Status status = WriteOut(text); !status.ok()) return ExitCodeOf(status, 0);
  return exit_code;
}

void AddRoundOptions(CLI::App& command, RoundArguments& arguments) {
  command.add_option(
      "REFERENCE|PATTERN", arguments.patterns,
      "What to check: a reference (nginx), or a glob over full references (registry.corp/*); all by default");
  command.add_flag("--in-use", arguments.in_use, "Check only tags that a running container asked for");
  command.add_option("--ignore", arguments.ignored, "Leave these out; repeatable")
      ->check(PatternTrouble)
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  command.add_flag("--no-containers", arguments.no_containers, "Do not look at containers");
  command.add_flag("--all-hosts", arguments.all_hosts, "Ask every host, not only those that a pull would reach");
  command.add_flag("--ask-local", arguments.ask_local, "Ask registries about images that were built or imported here");
  AddNodeOptions(command, arguments.node);
}

void AddReportOptions(CLI::App& command, ReportArguments& arguments) {
  AddOutputOption(command, arguments.format);
  command.add_flag("--all", arguments.all, "A row for every tag, also for those that need nothing");
  command.add_flag("--stale-only", arguments.stale_only, "Print only tags and containers that are stale or gone");
  command
      .add_option_function<std::vector<std::string>>(
          "--fail-on", [&arguments](const std::vector<std::string>& words) { ReadFailOn(arguments, words); },
          "What makes the exit code 1 or 2: stale,gone,risk,undecided; or none")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"stale", "gone", "risk", "undecided", "none"}))
      ->type_name("LIST");
  command
      .add_option("--headline-to", arguments.headline_to,
                  "Write the first line to this file too; in a Job: /dev/termination-log")
      ->type_name("FILE");
  command.add_flag("--npd", arguments.npd, "One line for node-problem-detector's custom plugins, within 4 s");
}

void AddCheckCommand(CLI::App& app, const StopOnSignal& stop, int& exit_code) {
  CLI::App& command =
      *app.add_subcommand("check", "Every cached tag and container, compared with registry and mirrors");
  auto arguments = std::make_shared<CheckArguments>();
  AddReportOptions(command, arguments->report);
  AddRoundOptions(command, arguments->round);
  AddRemoteOptions(command, arguments->remote);
  command.add_flag("--refresh", arguments->refresh, "Let the agent make a round now, rather than tell its latest")
      ->group("Agent")
      ->needs(command.get_option("--agent"));
  command.footer(
      "Exit codes: 0 nothing stale, 1 a tag or a container is stale or gone, 2 undecided or not possible, 64 usage.\n\n"
      "Examples:\n"
      "  tagdrift check                          # every tag on this node\n"
      "  tagdrift check registry.corp/team/*     # one team's tags\n"
      "  tagdrift check --in-use --stale-only    # what runs and is old\n"
      "  tagdrift check nginx -o json | jq .tags[0].nextPull\n"
      "  tagdrift check --agent unix:///run/tagdrift/reader.sock");
  command.callback([arguments, &command, &stop, &exit_code] {
    if (arguments->report.npd && command.count("--timeout") == 0) arguments->round.node.timeout = kNpdTimeout;
    exit_code = RunCheck(*arguments, stop);
  });
}

}  // namespace tagdrift::cli
