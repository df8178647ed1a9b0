#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/synchronization/mutex.h"
#include "action_command.h"
#include "check_command.h"
#include "config_file.h"
#include "empty_values.h"
#include "explain_command.h"
#include "images_command.h"
#include "logging.h"
#include "mirrors_command.h"
#include "output.h"
#include "pid_one.h"
#include "record_command.h"
#include "replay_command.h"
#include "serve_command.h"
#include "stop_on_signal.h"
#include "tagdrift/render/exit_code.h"
#include "usage_error.h"

namespace {

using tagdrift::cli::Print;
using tagdrift::cli::PrintError;

constexpr char kVersionLine[] = "tagdrift " TAGDRIFT_VERSION;

/// A core dump would hold credentials and tokens. The limit alone does not keep one from a program that core_pattern
/// pipes it to; a process that is not dumpable has none, nor can another of the same user read its memory. What is
/// started from here inherits the limit only.
void ForbidCoreDumps() {
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

int Run(int argc, char** argv, tagdrift::cli::StopOnSignal& stop) {
  CLI::App app("Finds which link of the chain is stale: the node's cached tag, a mirror, or nothing.", "tagdrift");
  app.require_subcommand(1);
  app.footer("Start with: tagdrift check");
  app.set_version_flag("--version", kVersionLine);
  app.set_config("--config", "", "Read options from this file: TOML, those of one command in a table of its name")
      ->type_name("FILE");
  app.config_formatter(std::make_shared<tagdrift::cli::ConfigFile>(app));
  app.fallthrough();
  int exit_code = 0;
  tagdrift::cli::AddCheckCommand(app, stop, exit_code);
  tagdrift::cli::AddExplainCommand(app, stop, exit_code);
  tagdrift::cli::AddImagesCommand(app, stop, exit_code);
  tagdrift::cli::AddMirrorsCommand(app, stop, exit_code);
  tagdrift::cli::AddActionCommands(app, stop, exit_code);
  tagdrift::cli::AddRecordCommand(app, stop, exit_code);
  tagdrift::cli::AddReplayCommand(app, exit_code);
  tagdrift::cli::AddServeCommand(app, stop, exit_code);
  app.add_subcommand("version", "Print version, commit and the containerd versions that are known")->callback([&] {
    exit_code = Print(std::string(kVersionLine) + "\ncommit " TAGDRIFT_COMMIT "\ncontainerd 1.6 to 2.3\n");
  });
  tagdrift::cli::RefuseEmptyValues(app);
  try {
    app.parse(tagdrift::cli::ReverseArguments(argc, argv));
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    return Print(chosen.empty() ? app.help() : chosen.front()->help());
  } catch (const CLI::CallForVersion&) {
    return Print(std::string(kVersionLine) + "\n");
  } catch (const CLI::ParseError& error) {
    for (const std::string& line : tagdrift::cli::UsageError(app, error, argc > 1 ? argv[1] : "")) PrintError(line);
    return tagdrift::render::kExitUsage;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  ForbidCoreDumps();
  tagdrift::cli::LeaveReapingToPidOne();
#ifdef __GLIBC__
  // An arena per thread grows a page at a time: with one for all, asking 200 tags takes a fifth less CPU.
  mallopt(M_ARENA_MAX, 1);
#endif
  // Debian builds Abseil without NDEBUG: gRPC's every lock would be looked up in a graph of all locks.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const bool out_is_open = tagdrift::cli::SecureStandardStreams();
  // Whoever reads may go away; writing says so.
  std::signal(SIGPIPE, SIG_IGN);
  tagdrift::cli::LogToStandardError(false, tagdrift::cli::LogFormat::kText);
  tagdrift::cli::StopOnSignal stop;
  if (!out_is_open) {
    PrintError("standard output is closed: there is nowhere to write the answer");
    return tagdrift::render::kExitUndecided;
  }
  return Run(argc, argv, stop);
}
