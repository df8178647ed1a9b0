#include "record_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "agent_options.h"
#include "check_command.h"
#include "invocation.h"
#include "logging.h"
#include "output.h"
#include "tagdrift/record/file.h"
#include "tagdrift/record/recording.h"
#include "tagdrift/render/render.h"
#include "tagdrift/report/report.h"
#include "tagdrift/text/text.h"

namespace tagdrift::cli {
namespace {

struct RecordArguments {
  RoundArguments round;
  std::string file;
};

/// Where there is a device or a pipe, that is written to.
absl::Status WriteTo(const std::string& path, const std::string& text) {
  if (path == "-") return WriteOut(text);
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return absl::ErrnoToStatus(errno, "opening " + path);
    const absl::Cleanup close_file = [file] { close(file); };
    return WriteOut(text, file);
  }
  // A link stays one.
  std::error_code unresolved;
  const std::filesystem::path resolved = std::filesystem::canonical(path, unresolved);
  const std::string target = unresolved ? path : resolved.string();
  return record::ReplaceFile(target, fmt::format("{}.{:08x}.new", target, std::random_device()()), text);
}

/// A file that says something else than the node did would mislead whoever is given it.
absl::Status Verify(const record::Recording& recording, const std::string& text) {
  const auto json_of = [](const record::Recording& one) {
    return render::Render(report::ToMessage(one.round, one.invocation), render::Format::kJson, {});
  };
  const auto read = record::ReadRecording(text);
  if (!read.ok()) return absl::InternalError("what was recorded cannot be read: " + text::MessageOf(read.status()));
  if (json_of(*read) == json_of(recording)) return absl::OkStatus();
  return absl::InternalError("what was recorded yields another report than the round: please report this");
}

int RunRecord(const RecordArguments& arguments, const StopOnSignal& stop) {
  LogToStandardError(arguments.round.node.verbose, arguments.round.node.log_format);
  auto round = RunRound(arguments.round, ContextOf(arguments.round.node, stop.token()));
  if (!round.ok()) return ExitCodeOf(round.status(), stop.signal());
  const record::Recording recording{.tagdrift = TAGDRIFT_VERSION,
                                    .invocation = InvocationOf(arguments.round.node),
                                    .patterns = arguments.round.patterns,
                                    .round = *std::move(round)};
  const std::string text = record::Write(recording);
  absl::Status status = Verify(recording, text);
  if (status.ok()) status = WriteTo(arguments.file, text);
  return status.ok() ? 0 : ExitCodeOf(status, 0);
}

}  // namespace

void AddRecordCommand(CLI::App& app, const StopOnSignal& stop, int& exit_code) {
  CLI::App& command = *app.add_subcommand("record", "A round's facts in one file, to be judged anywhere (see replay)");
  auto arguments = std::make_shared<RecordArguments>();
  arguments->round.with_plans = true;
  command.add_option("FILE", arguments->file, "Where to write them, - for standard output; replaces a file")
      ->required();
  AddRoundOptions(command, arguments->round);
  command.footer(
      "Without credentials, values of headers, and keys. Host names, image names, pods and paths are in it.\n\n"
      "Exit codes: 0 recorded, 2 not possible, 64 usage.\n\n"
      "Examples:\n"
      "  tagdrift record node-7.json                    # every tag, as check would look at them\n"
      "  tagdrift record - nginx --all-hosts | gzip > nginx.json.gz");
  command.callback([arguments, &stop, &exit_code] { exit_code = RunRecord(*arguments, stop); });
}

}  // namespace tagdrift::cli
