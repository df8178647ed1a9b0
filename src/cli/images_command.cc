#include "images_command.h"

#include <memory>
#include <string>
#include <vector>

#include "agent_options.h"
#include "logging.h"
#include "node_options.h"
#include "output.h"
#include "output_format.h"
#include "remote_options.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/render/render.h"
#include "tagdrift/report/report.h"

namespace tagdrift::cli {
namespace {

struct ImagesArguments {
  NodeOptions node;
  RemoteOptions remote;
  std::vector<std::string> patterns;
  std::string format = "table";
};

absl::StatusOr<v1::ImageList> ListImages(const ImagesArguments& arguments, const StopOnSignal& stop) {
  const CallContext context = ContextOf(arguments.node, stop.token());
  auto patterns = agent::ParsePatterns(arguments.patterns);
  if (!patterns.ok()) return patterns.status();
  if (arguments.remote.used()) {
    auto agent = ConnectTo(arguments.remote);
    if (!agent.ok()) return agent.status();
    v1::ListImagesRequest request;
    for (const std::string& pattern : arguments.patterns) request.add_patterns(pattern);
    return agent->ListImages(request, context);
  }
  const auto agent = MakeAgent(arguments.node);
  if (!agent.ok()) return agent.status();
  const auto node = (*agent)->Images({.patterns = *std::move(patterns)}, context);
  if (!node.ok()) return node.status();
  return report::ToMessage(*node, SystemClock()->Wall());
}

int RunImages(const ImagesArguments& arguments, const StopOnSignal& stop) {
  LogToStandardError(arguments.node.verbose, arguments.node.log_format);
  const auto list = ListImages(arguments, stop);
  if (!list.ok()) return ExitCodeOf(list.status(), stop.signal());
  const absl::Status written = WriteOut(render::Render(*list, FormatNamed(arguments.format), StyleOfTerminal()));
  return written.ok() ? 0 : ExitCodeOf(written, 0);
}

}  // namespace

void AddImagesCommand(CLI::App& app, const StopOnSignal& stop, int& exit_code) {
  CLI::App& command = *app.add_subcommand("images", "What is cached on this node, without asking anyone");
  auto arguments = std::make_shared<ImagesArguments>();
  command.add_option("REFERENCE|PATTERN", arguments->patterns,
                     "What to list: a reference (nginx), or a glob over full references (registry.corp/*); all by "
                     "default");
  AddOutputOption(command, arguments->format);
  AddNodeOptions(command, arguments->node);
  AddRemoteOptions(command, arguments->remote);
  command.get_option("--timeout")->description("Give up after this time [2m]");
  command.footer(
      "Exit codes: 0 listed, 2 not possible, 64 usage.\n\n"
      "Examples:\n"
      "  tagdrift images                         # every tag on this node\n"
      "  tagdrift images '*:latest' -o wide      # with image ids, times and what is pinned\n"
      "  tagdrift images -o json | jq '.images[] | select(.usedBy == [])'");
  command.callback([arguments, &stop, &exit_code] { exit_code = RunImages(*arguments, stop); });
}

}  // namespace tagdrift::cli
