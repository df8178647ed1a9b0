#include "check_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "failure.h"

namespace tagdrift::lab {

using nlohmann::json;

namespace {

#ifdef TAGDRIFT_BUILT_BINARY
constexpr const char* kBuiltBinary = TAGDRIFT_BUILT_BINARY;
#else
constexpr const char* kBuiltBinary = nullptr;
#endif

Output RunOnNode(Lab& lab, const std::string& binary, const std::vector<std::string>& arguments, RunOptions options) {
  std::vector<std::string> command{binary};
  command.insert(command.end(), arguments.begin(), arguments.end());
  options.environment.insert({"CONTAINER_RUNTIME_ENDPOINT", lab.containerd().endpoint()});
  return RunCommand(command, options);
}

}  // namespace

std::string TagdriftBinary() {
  const char* chosen = std::getenv("TAGDRIFT_BINARY");
  if (chosen == nullptr) chosen = kBuiltBinary;
  if (chosen == nullptr) GiveUp("TAGDRIFT_BINARY does not say where tagdrift is");
  return chosen;
}

Output RunTagdrift(Lab& lab, const std::vector<std::string>& arguments, RunOptions options) {
  return RunOnNode(lab, TagdriftBinary(), arguments, std::move(options));
}

namespace {

CheckRun RunOf(const Output& output) {
  json report = json::parse(output.out, nullptr, false);
  if (report.is_discarded()) {
    ADD_FAILURE() << "exit code " << output.exit_code << "\nstdout: " << output.out << "\nstderr: " << output.err;
    report = nullptr;
  }
  return {output.exit_code, std::move(report), output.err};
}

/// Without what no two rounds have in common, when somebody was asked and how long that took, and without the path of
/// the program, which is in commands to paste.
json Comparable(const json& report, const std::string& program) {
  if (report.is_string()) {
    std::string text = report.get<std::string>();
    if (const std::size_t at = text.find(program); at != std::string::npos) text.replace(at, program.size(), "PROGRAM");
    return text;
  }
  if (!report.is_structured()) return report;
  json kept = report;
  for (auto& [name, value] : kept.items()) {
    const bool is_time = report.is_object() && (name == "checkedAt" || name == "latency" || name == "slowest");
    value = is_time ? json("(some time)") : Comparable(value, program);
  }
  return kept;
}

/// What records and replays.
std::string RecordingBinary() { return kBuiltBinary != nullptr ? kBuiltBinary : TagdriftBinary(); }

}  // namespace

CheckRun CheckAlone(Lab& lab, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"check", "-o", "json"});
  return RunOf(RunTagdrift(lab, arguments));
}

CheckRun CheckReplayed(Lab& lab, std::vector<std::string> arguments) {
  std::vector<std::string> replay{"unshare", "--net", RecordingBinary(), "replay", "-", "-o", "json"};
  if (const auto fail_on = std::ranges::find(arguments, "--fail-on"); fail_on != arguments.end()) {
    replay.insert(replay.end(), fail_on, fail_on + 2);
    arguments.erase(fail_on, fail_on + 2);
  }
  arguments.insert(arguments.begin(), {"record", "-"});
  const Output recorded = RunOnNode(lab, RecordingBinary(), arguments, {});
  if (recorded.exit_code != 0) return RunOf(recorded);
  Output replayed = RunCommand(replay, {.input = recorded.out});
  replayed.err = recorded.err + replayed.err;
  return RunOf(replayed);
}

CheckRun Check(Lab& lab, const std::vector<std::string>& arguments) {
  CheckRun run = CheckAlone(lab, arguments);
  const CheckRun replayed = CheckReplayed(lab, arguments);
  EXPECT_EQ(replayed.exit_code, run.exit_code) << replayed.err;
  const json differences =
      json::diff(Comparable(run.report, TagdriftBinary()), Comparable(replayed.report, RecordingBinary()));
  EXPECT_TRUE(differences.empty()) << "the replay says otherwise: " << differences.dump(2)
                                   << "\nthan the check: " << run.report.dump(2);
  run.err += replayed.err;
  return run;
}

json CheckRun::Tag(const std::string& reference) const {
  if (report.is_object()) {
    for (const json& tag : report.value("tags", json::array())) {
      if (tag.value("reference", "") == reference) return tag;
    }
  }
  ADD_FAILURE() << "no report about " << reference << "\n" << report.dump(2) << "\n" << err;
  return json::object();
}

json CheckRun::Host(const std::string& reference, const std::string& url) const {
  const json tag = Tag(reference);
  for (const json& host : tag.value("hosts", json::array())) {
    if (host.value("url", "").starts_with(url)) return host;
  }
  ADD_FAILURE() << "no host " << url << " in " << tag.dump(2);
  return json::object();
}

void ExpectPullAsForecast(Lab& lab, const json& tag) {
  const std::string reference = tag.value("reference", "");
  if (reference.empty()) return;  // has failed already
  json forecast = tag.value("nextPull", json::object());
  if (forecast.contains("ifAnonymous") && forecast["ifAnonymous"].is_object()) forecast = forecast["ifAnonymous"];
  const std::string outcome = forecast.value("outcome", "");
  const std::string digest = forecast.value("digest", "");

  const auto pulled = lab.cri().Pull(reference);

  if (outcome == "OUTCOME_FAILS") {
    EXPECT_FALSE(pulled.ok()) << "forecast: " << forecast.dump(2);
    return;
  }
  EXPECT_TRUE(pulled.ok()) << pulled.status() << "\nforecast: " << forecast.dump(2);
  EXPECT_EQ(lab.containerd().Target(reference), digest) << "forecast: " << forecast.dump(2);
}

}  // namespace tagdrift::lab
