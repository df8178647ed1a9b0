#include "plan_arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "output.h"
#include "output_format.h"
#include "tagdrift/agent/selection.h"
#include "tagdrift/render/exit_code.h"
#include "tagdrift/render/render.h"
#include "tagdrift/report/report.h"
#include "tagdrift/text/text.h"
#include "value_checks.h"

namespace tagdrift::cli {
namespace {

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

void AddRefreshOptions(CLI::App& command, PlanArguments& arguments) {
  command
      .add_option("--to", arguments.to,
                  "Point the tag to this digest of its repository instead, as for going back; its first digits will do")
      ->type_name("DIGEST");
  command.add_flag("--allow-older", arguments.allow_older,
                   "Follow the origin also where its image was built earlier than the cached one");
}

void AddContentOptions(CLI::App& command, PlanArguments& arguments) {
  command.add_flag("--allow-private", arguments.allow_private,
                   "Bring images that need credentials, although every pod on this node can use them then");
  command
      .add_option("--disk-threshold", arguments.disk_threshold,
                  "Refuse to fill the image file system above this [85, where the kubelet begins to remove images]")
      ->check(CLI::Range(1, 100))
      ->type_name("PERCENT");
}

void AddEvictOptions(CLI::App& command, PlanArguments& arguments) {
  command.add_flag("--force", arguments.force, "Do it against the refusals that say so");
  command.add_flag("--free", arguments.free, "Remove the image too when no other tag and no container has it");
  command.add_option("--protect", arguments.protect, "Never remove names that match; repeatable")
      ->check(PatternTrouble)
      ->type_name("PATTERN")
      ->allow_extra_args(false);
}

/// Name and description.
CLI::App& AddCommand(CLI::App& app, judge::ActionKind action) {
  switch (action) {
    case judge::ActionKind::kRefresh:
      return *app.add_subcommand("refresh", "Bring the origin's image, past stale mirrors, and point the tag to it");
    case judge::ActionKind::kPrePull:
      return *app.add_subcommand("prepull",
                                 "Bring content (a tag's origin digest, or a digest) without moving any tag");
    case judge::ActionKind::kEvict:
      break;
  }
  return *app.add_subcommand("evict", "Remove one tag name, never its siblings or their content");
}

std::string TextOf(const v1::ActionReport& report) {
  const render::Style style = StyleOfTerminal();
  std::string text = report.headline() + "\n";
  for (const v1::ActionResult& result : report.results()) text += "\n" + render::Render(result, style);
  return text;
}

}  // namespace

CLI::App& AddPlanCommand(CLI::App& app, PlanArguments& arguments) {
  CLI::App& command = AddCommand(app, arguments.action);
  command.add_option("REFERENCE", arguments.references, "Image references (nginx, registry.corp/app:v1)")->required();
  command.add_option("-o,--output", arguments.format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT");
  if (arguments.action == judge::ActionKind::kRefresh) AddRefreshOptions(command, arguments);
  if (arguments.action == judge::ActionKind::kEvict) {
    AddEvictOptions(command, arguments);
  } else {
    AddContentOptions(command, arguments);
  }
  return command;
}

absl::StatusOr<std::vector<agent::ActionRequest>> RequestsFrom(const PlanArguments& arguments) {
  agent::ActionRequest request{.action = arguments.action, .reference = *image::Reference::Parse("x")};
  request.disk_threshold = arguments.disk_threshold;
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

int PrintActions(v1::ActionReport report, const PlanArguments& arguments) {
  report.set_headline(report::ActionHeadline(report));
  const std::string text = arguments.format == "table" ? TextOf(report) : render::RenderJson(report);
  if (absl::Status status = WriteOut(text); !status.ok()) return ExitCodeOf(status, 0);
  return render::ExitCode(report);
}

}  // namespace tagdrift::cli
