#include "explain_command.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "agent_options.h"
#include "check_command.h"
#include "invocation.h"
#include "logging.h"
#include "origin_option.h"
#include "output.h"
#include "output_format.h"
#include "remote_options.h"
#include "tagdrift/render/exit_code.h"
#include "tagdrift/render/render.h"
#include "tagdrift/report/report.h"

namespace tagdrift::cli {
namespace {

absl::StatusOr<v1::NodeReport> ReportOfAgent(const RemoteOptions& remote, const ExplainArguments& arguments,
                                             const CallContext& context) {
  auto agent = ConnectTo(remote);
  if (!agent.ok()) return agent.status();
  v1::ExplainRequest request;
  if (arguments.pod.empty()) {
    request.set_name(arguments.subject);
  } else {
    request.set_pod(arguments.pod);
  }
  return agent->Explain(request, context);
}

absl::StatusOr<v1::NodeReport> Report(const NodeOptions& node, const RemoteOptions& remote,
                                      const ExplainArguments& arguments, const StopOnSignal& stop) {
  auto options = ExplainOptions(arguments, node.origins);
  if (!options.ok()) return options.status();
  const CallContext context = ContextOf(node, stop.token());
  if (remote.used()) return ReportOfAgent(remote, arguments, context);
  const auto round = RunRound(node, *std::move(options), context);
  if (!round.ok()) return round.status();
  return report::ToMessage(*round, InvocationOf(node));
}

int RunExplain(const NodeOptions& node, const RemoteOptions& remote, const ExplainArguments& arguments,
               const StopOnSignal& stop) {
  LogToStandardError(node.verbose, node.log_format);
  const auto report = Report(node, remote, arguments, stop);
  return report.ok() ? PrintExplanation(*report, arguments) : ExitCodeOf(report.status(), stop.signal());
}

/// The image is not here, the tag went away meanwhile, or nobody knows which tags the pod uses.
bool HasNothingOfThisNode(const v1::NodeReport& report) {
  return report.containers().empty() && std::ranges::all_of(report.tags(), &v1::TagReport::not_cached);
}

}  // namespace

void AddExplainArguments(CLI::App& command, ExplainArguments& arguments) {
  CLI::Option* subject =
      command.add_option("REFERENCE|NAMESPACE/POD", arguments.subject,
                         "A tag (nginx, registry.corp/shop/app:v1), here or not, or a pod of this node (shop/web-0)");
  CLI::Option* pod = command.add_option("--pod", arguments.pod, "A pod of this node, also where a tag is called so");
  pod->type_name("NAMESPACE/NAME")->excludes(subject);
  command.add_option("-o,--output", arguments.format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT");
  command.add_flag("--ask-local", arguments.ask_local,
                   "Ask the registry about an image that was built or imported here");
}

absl::StatusOr<agent::CheckOptions> ExplainOptions(const ExplainArguments& arguments,
                                                   const std::vector<std::string>& origins) {
  agent::CheckOptions options;
  options.subject =
      arguments.pod.empty() ? agent::Subject{arguments.subject, false} : agent::Subject{arguments.pod, true};
  if (options.subject->text.empty()) {
    return absl::InvalidArgumentError(
        "explain needs a reference or a pod; tagdrift images -o name lists the references of this node");
  }
  if (absl::Status status = agent::CheckSubject(*options.subject); !status.ok()) return status;
  auto named = ReadOrigins(origins);
  if (!named.ok()) return named.status();
  options.origins = *std::move(named);
  options.all_hosts = true;
  options.ask_local = arguments.ask_local;
  return options;
}

int PrintExplanation(const v1::NodeReport& report, const ExplainArguments& arguments) {
  const absl::Status written = WriteOut(arguments.format == "json" ? render::Render(report, render::Format::kJson, {})
                                                                   : render::Explain(report, StyleOfTerminal()));
  if (!written.ok()) return ExitCodeOf(written, 0);
  const int exit_code = render::ExitCode(report, render::FailOn{});
  return exit_code == 0 && HasNothingOfThisNode(report) ? render::kExitUndecided : exit_code;
}

void AddExplainCommand(CLI::App& app, const StopOnSignal& stop, int& exit_code) {
  CLI::App& command = *app.add_subcommand("explain", "One tag or pod in full: digests, hosts, the next pull, the fix");
  auto arguments = std::make_shared<ExplainArguments>();
  auto node = std::make_shared<NodeOptions>();
  AddExplainArguments(command, *arguments);
  AddNodeOptions(command, *node);
  auto remote = std::make_shared<RemoteOptions>();
  AddRemoteOptions(command, *remote);
  command.footer(
      "Every host is asked, also those that a pull would not reach.\n\n"
      "Exit codes: 0 nothing stale, 1 stale or gone, 2 undecided, not on this node or not possible, 64 usage.\n\n"
      "Examples:\n"
      "  tagdrift explain registry.corp/shop/app:v1   # one tag\n"
      "  tagdrift explain shop/web-0                  # the containers of a pod and their tags\n"
      "  tagdrift explain --pod shop/web-0            # the same where a tag is called so\n"
      "  tagdrift explain nginx -o json | jq '.tags[0].hosts'");
  command.callback(
      [arguments, node, remote, &stop, &exit_code] { exit_code = RunExplain(*node, *remote, *arguments, stop); });
}

}  // namespace tagdrift::cli
