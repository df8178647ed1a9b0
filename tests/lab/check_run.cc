#include "check_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "failure.h"

namespace tagdrift::lab {

using nlohmann::json;

std::string TagdriftBinary() {
  const char* chosen = std::getenv("TAGDRIFT_BINARY");
  if (chosen != nullptr) return chosen;
#ifdef TAGDRIFT_BUILT_BINARY
  return TAGDRIFT_BUILT_BINARY;
#else
  GiveUp("TAGDRIFT_BINARY does not say where tagdrift is");
#endif
}

Output RunTagdrift(Lab& lab, const std::vector<std::string>& arguments, RunOptions options) {
  std::vector<std::string> command{TagdriftBinary()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  options.environment.insert({"CONTAINER_RUNTIME_ENDPOINT", lab.containerd().endpoint()});
  return RunCommand(command, options);
}

namespace {

Output CheckLive(Lab& lab, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"check", "-o", "json"});
  return RunTagdrift(lab, arguments);
}

/// The same by a recording that is replayed where there is neither a node nor a network.
Output CheckByReplay(Lab& lab, std::vector<std::string> arguments) {
  std::vector<std::string> replay{"unshare", "--net", TagdriftBinary(), "replay", "-", "-o", "json"};
  if (const auto fail_on = std::ranges::find(arguments, "--fail-on"); fail_on != arguments.end()) {
    replay.insert(replay.end(), fail_on, fail_on + 2);
    arguments.erase(fail_on, fail_on + 2);
  }
  arguments.insert(arguments.begin(), {"record", "-"});
  const Output recorded = RunTagdrift(lab, arguments);
  if (recorded.exit_code != 0) return recorded;
  Output replayed = RunCommand(replay, {.input = recorded.out});
  replayed.err = recorded.err + replayed.err;
  return replayed;
}

}  // namespace

CheckRun Check(Lab& lab, std::vector<std::string> arguments) {
  const Output output = std::getenv("TAGDRIFT_LAB_REPLAY") == nullptr ? CheckLive(lab, std::move(arguments))
                                                                      : CheckByReplay(lab, std::move(arguments));
  json report = json::parse(output.out, nullptr, false);
  if (report.is_discarded()) {
    ADD_FAILURE() << "exit code " << output.exit_code << "\nstdout: " << output.out << "\nstderr: " << output.err;
    report = nullptr;
  }
  return {output.exit_code, std::move(report), output.err};
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
