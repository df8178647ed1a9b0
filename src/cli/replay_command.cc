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
#include "tagdrift/agent/selection.h"
#include "tagdrift/agent/subject.h"
#include "tagdrift/record/file.h"
#include "tagdrift/record/recording.h"
#include "tagdrift/report/report.h"
#include "tagdrift/text/text.h"

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

/// Keeps the tags of `round` that are selected, and the containers that may have asked for them. Errors: as
/// agent::Select.
absl::Status KeepSelected(const agent::Selection& selection, report::Round& round) {
  if (selection.patterns.empty() && selection.ignored.empty() && !selection.in_use) return absl::OkStatus();
  facts::Node recorded;
  std::vector<facts::CachedImage> asked_for;
  for (const report::JudgedTag& tag : round.tags) recorded.images.push_back(tag.facts.image);
  for (const report::JudgedTag& tag : round.asked_for) asked_for.push_back(tag.facts.image);
  const auto images = agent::Select(selection, recorded, asked_for);
  if (!images.ok()) return images.status();
  std::set<image::Reference> selected;
  for (const facts::CachedImage& image : *images) selected.insert(image.reference);
  std::vector<judge::ContainerRequest> requests;
  for (const judge::ContainerResult& container : round.containers) requests.push_back(container.request);
  agent::SelectContainers(selection, selected, requests);
  report::JudgeContainers(requests, round);
  std::erase_if(round.tags, [&](const auto& tag) { return !selected.contains(tag.facts.image.reference); });
  return absl::OkStatus();
}

/// Keeps the tag, or the containers and tags of the pod, that is to be explained. Errors: as agent::FindSubject;
/// NotFound where the recorded round was about other tags.
absl::Status KeepSubject(const agent::Subject& subject, report::Round& round) {
  auto found = agent::FindSubject(subject, round.node);
  if (!found.ok()) return found.status();
  std::set<image::Reference> selected;
  for (const facts::CachedImage& image : found->images) selected.insert(image.reference);
  std::ranges::move(round.asked_for, std::back_inserter(round.tags));
  round.asked_for.clear();
  std::erase_if(round.tags, [&](const auto& tag) { return !selected.contains(tag.facts.image.reference); });
  if (round.tags.empty() && !found->pod) {
    return absl::NotFoundError(fmt::format("'{}' is not among the tags that were recorded", subject.text));
  }
  if (found->pod) agent::KeepPod(*found->pod, round.node);
  std::vector<judge::ContainerRequest> requests = judge::ContainerRequests(round.node);
  agent::SelectContainersOf(found->pod.has_value(), selected, requests);
  round.pod = std::move(found->pod);
  report::JudgeContainers(requests, round);
  return absl::OkStatus();
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
  absl::Status kept = subject ? KeepSubject(*subject, recording->round) : KeepSelected(*selection, recording->round);
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
