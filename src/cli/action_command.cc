#include "action_command.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agent_options.h"
#include "logging.h"
#include "node_options.h"
#include "origin_option.h"
#include "output.h"
#include "output_format.h"
#include "plan_arguments.h"
#include "remote_actions.h"
#include "remote_options.h"
#include "stop_on_signal.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/remote/client.h"
#include "tagdrift/render/exit_code.h"
#include "tagdrift/render/render.h"
#include "tagdrift/report/report.h"
#include "transfer_progress.h"

namespace tagdrift::cli {
namespace {

constexpr std::chrono::seconds kEnding(30);

struct ActionArguments {
  PlanArguments plan;
  NodeOptions node;
  RemoteOptions remote;
  bool yes = false;
  bool dry_run = false;
  int parallel = 1;
};

absl::StatusOr<std::vector<agent::ActionRequest>> RequestsFrom(const ActionArguments& arguments) {
  auto requests = RequestsFrom(arguments.plan);
  if (!requests.ok()) return requests;
  const auto origins = ReadOrigins(arguments.node.origins);
  if (!origins.ok()) return origins.status();
  const std::string id = fmt::format("{:08x}", std::random_device()());
  for (agent::ActionRequest& request : *requests) {
    request.origins = *origins;
    request.apply = arguments.yes && !arguments.dry_run;
    request.requester = fmt::format("uid {}", getuid());
    request.request_id = id;
  }
  return requests;
}

/// All requests, up to `parallel` at a time.
v1::ActionReport RunAll(agent::Agent& agent, const std::vector<agent::ActionRequest>& requests, int parallel,
                        const agent::ActionHooks& hooks, const CallContext& context) {
  v1::ActionReport report;
  for (std::size_t i = 0; i < requests.size(); ++i) report.add_results();
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < requests.size(); i = next++) {
      *report.mutable_results(static_cast<int>(i)) = report::ToMessage(agent.Act(requests[i], hooks, context));
    }
  };
  {
    std::vector<std::jthread> others;
    while (others.size() + 1 < std::min(requests.size(), static_cast<std::size_t>(parallel))) {
      others.emplace_back(work);
    }
    work();
  }
  return report;
}

/// What is told while actions are under way.
class Telling {
 public:
  Telling(const ActionArguments& arguments, bool applies)
      : plans_(arguments.plan.format == "table"),
        log_format_(arguments.node.log_format),
        // With JSON nothing but records goes to standard error.
        tells_(applies && log_format_ == LogFormat::kText),
        progress_(tells_, isatty(STDERR_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr) {}

  agent::ActionHooks Hooks() {
    return {.planned = [this](const report::ActionResult& planned) { Show(report::ToMessage(planned).plan()); },
            .progress = [this](const agent::ActionProgress& now) { progress_.Show(now); },
            .audit = [this](const report::AuditRecord& record) { return progress_.WriteAudit(record, log_format_); }};
  }

  remote::ActionHooks RemoteHooks() {
    return {.plan = [this](const v1::Plan& plan) { Show(plan); },
            .progress = [this](const v1::ActionProgress& now) { progress_.Show(ProgressFrom(now)); }};
  }

 private:
  void Show(const v1::Plan& plan) {
    if (plans_ && tells_) progress_.Print(render::Render(plan, StyleOfTerminal()) + "\n");
  }

  const bool plans_;
  const LogFormat log_format_;
  const bool tells_;
  TransferProgress progress_;
};

absl::StatusOr<v1::ActionReport> Act(const ActionArguments& arguments, StopOnSignal& stop) {
  const CallContext context = ContextOf(arguments.node, stop.token());
  const auto requests = RequestsFrom(arguments);
  if (!requests.ok()) return requests.status();
  Telling telling(arguments, requests->front().apply);
  if (arguments.remote.used()) {
    auto agent = ConnectTo(arguments.remote);
    if (!agent.ok()) return agent.status();
    return ActRemotely(*agent, *requests, arguments.plan.to, telling.RemoteHooks(), context);
  }
  const auto agent = MakeAgent(arguments.node);
  if (!agent.ok()) return agent.status();
  if (absl::Status ready = (*agent)->Ready(context); !ready.ok()) return ready;
  // What has been begun is verified or put back first.
  stop.Allow(kEnding);
  return RunAll(**agent, *requests, arguments.parallel, telling.Hooks(), context);
}

int RunActions(const ActionArguments& arguments, StopOnSignal& stop) {
  LogToStandardError(arguments.node.verbose, arguments.node.log_format);
  const auto report = Act(arguments, stop);
  if (report.ok()) return PrintActions(*report, arguments.plan);
  const int exit_code = ExitCodeOf(report.status(), stop.signal());
  return remote::IsRefusal(report.status()) ? render::kExitDrift : exit_code;
}

constexpr char kExitCodes[] = "Exit codes: 0 done, or nothing to do, 1 refused, 2 could not be done, 64 usage.\n\n";

/// What all three commands have.
CLI::App& AddCommand(CLI::App& app, const std::shared_ptr<ActionArguments>& arguments, StopOnSignal& stop,
                     int& exit_code) {
  CLI::App& command = AddPlanCommand(app, arguments->plan);
  command.add_flag("--yes", arguments->yes, "Do it; without, the plan is shown and nothing is changed");
  command.add_flag("--dry-run", arguments->dry_run, "Show the plan and change nothing, whatever else is said");
  arguments->node.timeout = absl::Minutes(10);
  AddNodeOptions(command, arguments->node);
  AddRemoteOptions(command, arguments->remote);
  command.get_option("--timeout")->description("End what is not done after this time [10m]");
  command.callback([arguments, &stop, &exit_code] { exit_code = RunActions(*arguments, stop); });
  return command;
}

void AddRefresh(CLI::App& app, StopOnSignal& stop, int& exit_code) {
  auto arguments = std::make_shared<ActionArguments>();
  arguments->plan.action = judge::ActionKind::kRefresh;
  AddCommand(app, arguments, stop, exit_code)
      .footer(std::string(kExitCodes) +
              "Examples:\n"
              "  tagdrift refresh registry.corp/team/app:v1            # what would be done\n"
              "  tagdrift refresh --yes registry.corp/team/app:v1      # do it\n"
              "  tagdrift refresh --yes --to 94ca65e6caf0 nginx:1.25   # go back, with every registry down\n"
              "  tagdrift check --stale-only -o name | xargs -r tagdrift refresh --yes --allow-older");
}

void AddPrePull(CLI::App& app, StopOnSignal& stop, int& exit_code) {
  auto arguments = std::make_shared<ActionArguments>();
  arguments->plan.action = judge::ActionKind::kPrePull;
  arguments->parallel = 3;
  CLI::App& command = AddCommand(app, arguments, stop, exit_code);
  command.add_option("--parallel", arguments->parallel, "How many at once [3]")
      ->check(CLI::Range(1, 16))
      ->type_name("N");
  command.footer(std::string(kExitCodes) +
                 "Examples:\n"
                 "  tagdrift prepull --yes registry.corp/team/app:v2\n"
                 "  tagdrift prepull --yes --parallel 5 registry.corp/a:1 registry.corp/b@sha256:e1f6…");
}

void AddEvict(CLI::App& app, StopOnSignal& stop, int& exit_code) {
  auto arguments = std::make_shared<ActionArguments>();
  arguments->plan.action = judge::ActionKind::kEvict;
  AddCommand(app, arguments, stop, exit_code)
      .footer(std::string(kExitCodes) +
              "Examples:\n"
              "  tagdrift evict registry.corp/team/app:v1              # what would go, what would stay\n"
              "  tagdrift evict --yes --free registry.corp/team/app:v1");
}

}  // namespace

void AddActionCommands(CLI::App& app, StopOnSignal& stop, int& exit_code) {
  AddRefresh(app, stop, exit_code);
  AddPrePull(app, stop, exit_code);
  AddEvict(app, stop, exit_code);
}

}  // namespace tagdrift::cli
