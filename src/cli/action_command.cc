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
#include "remote_actions.h"
#include "remote_options.h"
#include "stop_on_signal.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/render/exit_code.h"
#include "tagdrift/render/render.h"
#include "tagdrift/report/report.h"
#include "tagdrift/text/text.h"
#include "transfer_progress.h"

namespace tagdrift::cli {
namespace {

constexpr std::chrono::seconds kEnding(30);

struct ActionArguments {
  judge::ActionKind action = judge::ActionKind::kRefresh;
  NodeOptions node;
  RemoteOptions remote;
  std::vector<std::string> references;
  std::string format = "table";
  std::string to;
  std::vector<std::string> protect;
  bool yes = false;
  bool dry_run = false;
  bool allow_older = false;
  bool allow_private = false;
  bool force = false;
  bool free = false;
  int parallel = 1;
  int disk_threshold = 85;
};

absl::Status Invalid(const std::string& message) { return absl::InvalidArgumentError(message); }

absl::StatusOr<std::vector<std::string>> ProtectedBy(const std::vector<std::string>& patterns,
                                                     const image::Reference& reference) {
  std::vector<std::string> matching;
  for (const std::string& text : patterns) {
    auto pattern = agent::NamePattern::Parse(text);
    if (!pattern.ok()) return Invalid("--protect " + std::string(pattern.status().message()));
    if (pattern->Matches(reference.Canonical())) matching.push_back(text);
  }
  return matching;
}

absl::StatusOr<std::vector<agent::ActionRequest>> RequestsFrom(const ActionArguments& arguments) {
  agent::ActionRequest request{.action = arguments.action, .reference = *image::Reference::Parse("x")};
  auto origins = ReadOrigins(arguments.node.origins);
  if (!origins.ok()) return origins.status();
  request.origins = *std::move(origins);
  request.disk_threshold = arguments.disk_threshold;
  request.apply = arguments.yes && !arguments.dry_run;
  request.requester = fmt::format("uid {}", getuid());
  request.request_id = fmt::format("{:08x}", std::random_device()());
  request.options.allow_older = arguments.allow_older;
  request.options.allow_private = arguments.allow_private;
  request.options.force = arguments.force;
  request.options.free = arguments.free;
  if (!arguments.to.empty()) {
    const absl::Status read = judge::ReadTo(arguments.to, request.options);
    if (!read.ok()) return Invalid("--to: " + text::MessageOf(read));
    if (arguments.references.size() > 1) return Invalid("--to goes with one reference");
  }
  std::vector<agent::ActionRequest> requests;
  for (const std::string& text : arguments.references) {
    auto reference = image::Reference::Parse(text);
    if (!reference.ok()) {
      return Invalid(fmt::format("'{}' is no image reference: {}", text, std::string(reference.status().message())));
    }
    const bool named =
        std::any_of(requests.begin(), requests.end(), [&](const auto& other) { return other.reference == *reference; });
    if (named) continue;
    request.reference = *reference;
    auto matching = ProtectedBy(arguments.protect, *reference);
    if (!matching.ok()) return matching.status();
    request.options.protected_by = *std::move(matching);
    requests.push_back(request);
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
  report.set_headline(report::ActionHeadline(report));
  return report;
}

std::string TextOf(const v1::ActionReport& report, const render::Style& style) {
  std::string text = report.headline() + "\n";
  for (const v1::ActionResult& result : report.results()) text += "\n" + render::Render(result, style);
  return text;
}

/// What is told while actions are under way.
class Telling {
 public:
  Telling(const ActionArguments& arguments, bool applies)
      : plans_(arguments.format == "table"),
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
    return ActRemotely(*agent, *requests, arguments.to, telling.RemoteHooks(), context);
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
  if (!report.ok()) return ExitCodeOf(report.status(), stop.signal());
  const bool table = arguments.format == "table";
  const std::string text = table ? TextOf(*report, StyleOfTerminal()) : render::RenderJson(*report);
  if (absl::Status status = WriteOut(text); !status.ok()) return ExitCodeOf(status, 0);
  return render::ExitCode(*report);
}

constexpr char kExitCodes[] = "Exit codes: 0 done, or nothing to do, 1 refused, 2 could not be done, 64 usage.\n\n";

/// What all three commands have.
CLI::App& AddCommand(CLI::App& app, const std::shared_ptr<ActionArguments>& arguments, const std::string& name,
                     const std::string& what, StopOnSignal& stop, int& exit_code) {
  CLI::App& command = *app.add_subcommand(name, what);
  command.add_option("REFERENCE", arguments->references, "Image references (nginx, registry.corp/app:v1)")->required();
  command.add_option("-o,--output", arguments->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT");
  command.add_flag("--yes", arguments->yes, "Do it; without, the plan is shown and nothing is changed");
  command.add_flag("--dry-run", arguments->dry_run, "Show the plan and change nothing, whatever else is said");
  arguments->node.timeout = absl::Minutes(10);
  AddNodeOptions(command, arguments->node);
  command.get_option("--timeout")->description("End what is not done after this time [10m]");
  command.callback([arguments, &stop, &exit_code] { exit_code = RunActions(*arguments, stop); });
  return command;
}

void AddContentOptions(CLI::App& command, ActionArguments& arguments) {
  command.add_flag("--allow-private", arguments.allow_private,
                   "Bring images that need credentials, although every pod on this node can use them then");
  command
      .add_option("--disk-threshold", arguments.disk_threshold,
                  "Refuse to fill the image file system above this [85, where the kubelet begins to remove images]")
      ->check(CLI::Range(1, 100))
      ->type_name("PERCENT");
}

void AddRefresh(CLI::App& app, StopOnSignal& stop, int& exit_code) {
  auto arguments = std::make_shared<ActionArguments>();
  arguments->action = judge::ActionKind::kRefresh;
  CLI::App& command =
      AddCommand(app, arguments, "refresh", "Bring the origin's image, past stale mirrors, and point the tag to it",
                 stop, exit_code);
  command
      .add_option("--to", arguments->to,
                  "Point the tag to this digest of its repository instead, as for going back; its first digits will do")
      ->type_name("DIGEST");
  command.add_flag("--allow-older", arguments->allow_older,
                   "Follow the origin also where its image was built earlier than the cached one");
  AddContentOptions(command, *arguments);
  AddRemoteOptions(command, arguments->remote);
  command.footer(std::string(kExitCodes) +
                 "Examples:\n"
                 "  tagdrift refresh registry.corp/team/app:v1            # what would be done\n"
                 "  tagdrift refresh --yes registry.corp/team/app:v1      # do it\n"
                 "  tagdrift refresh --yes --to 94ca65e6caf0 nginx:1.25   # go back, with every registry down\n"
                 "  tagdrift check --stale-only -o name | xargs -r tagdrift refresh --yes --allow-older");
}

void AddPrePull(CLI::App& app, StopOnSignal& stop, int& exit_code) {
  auto arguments = std::make_shared<ActionArguments>();
  arguments->action = judge::ActionKind::kPrePull;
  arguments->parallel = 3;
  CLI::App& command =
      AddCommand(app, arguments, "prepull", "Bring content (a tag's origin digest, or a digest) without moving any tag",
                 stop, exit_code);
  AddContentOptions(command, *arguments);
  command.add_option("--parallel", arguments->parallel, "How many at once [3]")
      ->check(CLI::Range(1, 16))
      ->type_name("N");
  AddRemoteOptions(command, arguments->remote);
  command.footer(std::string(kExitCodes) +
                 "Examples:\n"
                 "  tagdrift prepull --yes registry.corp/team/app:v2\n"
                 "  tagdrift prepull --yes --parallel 5 registry.corp/a:1 registry.corp/b@sha256:e1f6…");
}

void AddEvict(CLI::App& app, StopOnSignal& stop, int& exit_code) {
  auto arguments = std::make_shared<ActionArguments>();
  arguments->action = judge::ActionKind::kEvict;
  CLI::App& command =
      AddCommand(app, arguments, "evict", "Remove one tag name, never its siblings or their content", stop, exit_code);
  command.add_flag("--force", arguments->force, "Do it against the refusals that say so");
  command.add_flag("--free", arguments->free, "Remove the image too when no other tag and no container has it");
  command.add_option("--protect", arguments->protect, "Never remove names that match; repeatable")
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  AddRemoteOptions(command, arguments->remote);
  command.footer(std::string(kExitCodes) +
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
