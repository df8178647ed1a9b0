#include "replay_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "check_command.h"
#include "explain_command.h"
#include "output.h"
#include "plan_arguments.h"
#include "tagdrift/agent/actions.h"
#include "tagdrift/agent/narrowing.h"
#include "tagdrift/agent/selection.h"
#include "tagdrift/agent/subject.h"
#include "tagdrift/record/file.h"
#include "tagdrift/record/recording.h"
#include "tagdrift/report/report.h"
#include "tagdrift/text/text.h"
#include "value_checks.h"

namespace tagdrift::cli {
namespace {

struct ReplayArguments {
  std::string file;
  std::vector<std::string> patterns;
  std::vector<std::string> ignored;
  bool in_use = false;
  ReportArguments report;
  std::optional<ExplainArguments> explain = {};
};

absl::StatusOr<record::Recording> ReadFrom(const std::string& path) {
  const std::string name = path == "-" ? "standard input" : path;
  const auto text = path == "-" ? record::ReadWhole(STDIN_FILENO, name, record::kMostRecordingBytes)
                                : record::ReadWhole(path, record::kMostRecordingBytes);
  if (!text.ok()) return text.status();
  auto recording = record::ReadRecording(*text);
  if (recording.ok()) return recording;
  return absl::FailedPreconditionError(name + ": " + text::MessageOf(recording.status()));
}

absl::StatusOr<record::Recording> Replay(const ReplayArguments& arguments) {
  auto selection = SelectionFrom(arguments.patterns, arguments.ignored, arguments.in_use);
  if (!selection.ok()) return selection.status();
  std::optional<agent::Subject> subject;
  if (arguments.explain) {
    auto options = ExplainOptions(*arguments.explain, {});
    if (!options.ok()) return options.status();
    subject = std::move(options->subject);
  }
  auto recording = ReadFrom(arguments.file);
  if (!recording.ok()) return recording.status();
  absl::Status kept =
      subject ? agent::KeepSubject(*subject, recording->round) : agent::KeepSelected(*selection, recording->round);
  if (!kept.ok()) return kept;
  return recording;
}

int RunPlans(const std::string& file, const PlanArguments& arguments) {
  const auto requests = RequestsFrom(arguments);
  if (!requests.ok()) return ExitCodeOf(requests.status(), 0);
  const auto recording = ReadFrom(file);
  if (!recording.ok()) return ExitCodeOf(recording.status(), 0);
  v1::ActionReport report;
  for (const agent::ActionRequest& request : *requests) {
    *report.add_results() = report::ToMessage(agent::PlanOf(recording->round, request));
  }
  return PrintActions(std::move(report), arguments);
}

int RunReplay(const ReplayArguments& arguments) {
  const auto recording = Replay(arguments);
  if (!recording.ok()) return ExitCodeOf(recording.status(), 0);
  v1::NodeReport report = report::ToMessage(recording->round, recording->invocation);
  if (arguments.explain) return PrintExplanation(report, *arguments.explain);
  return PrintReport(std::move(report), arguments.report,
                     arguments.report.all || !recording->patterns.empty() || !arguments.patterns.empty());
}

}  // namespace

void AddReplayCommand(CLI::App& app, int& exit_code) {
  CLI::App& command = *app.add_subcommand("replay", "Judges the facts that record has written, without a node");
  auto arguments = std::make_shared<ReplayArguments>();
  command.add_option("FILE", arguments->file, "What record has written, - for standard input")->required();
  command.add_option("REFERENCE|PATTERN", arguments->patterns, "Of the recorded tags only these; all by default");
  AddReportOptions(command, arguments->report);
  command.add_flag("--in-use", arguments->in_use, "Only tags that a running container asked for");
  command.add_option("--ignore", arguments->ignored, "Leave these out; repeatable")
      ->check(PatternTrouble)
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  command.add_subcommand("check", "What check would have said; so it is without a word, too");
  CLI::App& explain = *command.add_subcommand("explain", "One of the recorded tags, or a pod, in full");
  auto explained = std::make_shared<ExplainArguments>();
  AddExplainArguments(explain, *explained);
  explain.remove_option(explain.get_option("--ask-local"));
  std::vector<std::pair<const CLI::App*, std::shared_ptr<PlanArguments>>> plans;
  for (const auto action : {judge::ActionKind::kRefresh, judge::ActionKind::kPrePull, judge::ActionKind::kEvict}) {
    auto planned = std::make_shared<PlanArguments>();
    planned->action = action;
    CLI::App& plan = AddPlanCommand(command, *planned);
    plan.description("The plan that it would have shown there; nothing is done");
    plans.emplace_back(&plan, std::move(planned));
  }
  command.footer(
      "Exit codes: those of check, or of the action whose plan it is; 2 for a file that cannot be read.\n\n"
      "Examples:\n"
      "  tagdrift replay node-7.json                    # what check said there\n"
      "  tagdrift replay node-7.json check -o json --stale-only\n"
      "  tagdrift replay node-7.json refresh registry.corp/team/app:v1\n"
      "  tagdrift replay node-7.json explain shop/web-0     # record with --all-hosts to have every host's answer");
  command.callback([arguments, explained, &explain, plans, &exit_code] {
    for (const auto& [plan, planned] : plans) {
      if (!plan->parsed()) continue;
      exit_code = RunPlans(arguments->file, *planned);
      return;
    }
    if (explain.parsed()) arguments->explain = *explained;
    exit_code = RunReplay(*arguments);
  });
}

}  // namespace tagdrift::cli
