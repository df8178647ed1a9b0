// Standard error that cannot be written, or that nobody reads.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "binary.h"
#include "scripted_scene.h"

namespace tagdrift::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

/// Runs a command of the scene through the shell; `more` may redirect.
Outcome Run(const ScriptedScene& scene, const std::string& command, const std::string& more) {
  std::string line;
  for (const std::string& argument : scene.Arguments(command, {})) line += "'" + argument + "' ";
  return RunBinary(line + more);
}

std::string RefusalOf(const Outcome& outcome) {
  const json report = json::parse(outcome.text, nullptr, false);
  return report.is_discarded() ? "" : report["results"][0]["plan"]["refusals"][0]["kind"].get<std::string>();
}

void ExpectUntouched(const ScriptedScene& scene) {
  EXPECT_EQ(scene.node().Target(scene.tag()), scene.old_image().digest);
  EXPECT_FALSE(scene.node().names().contains(scene.new_image().id));
  EXPECT_THAT(scene.node().leases(), IsEmpty());
}

TEST(StandardError, AbortsNoCommandWhenItCannotBeWritten) {
  for (const std::string command :
       {"check -v --runtime-endpoint unix:///nonexistent.sock", "refresh --runtime-endpoint unix:///nonexistent.sock a",
        "mirrors -v --registry-config-path /nonexistent --containerd-version 2.1.0 docker.io", "chekc", "check --no"}) {
    const int exit_code = RunBinary(command + " 2>/dev/null").exit_code;
    EXPECT_LT(exit_code, 128) << command;
    for (const std::string where : {" 2>/dev/full", " 2>&-", " 2>&1 >/dev/null | head -c 1"}) {
      const Outcome outcome = RunBinary(command + where);
      if (where.find('|') == std::string::npos) EXPECT_EQ(outcome.exit_code, exit_code) << command << where;
    }
  }
}

TEST(StandardError, IsNeededByAnActionForItsAudit) {
  for (const std::string where : {" 2>/dev/full", " 2>&-"}) {
    for (const std::string command : {"refresh", "prepull"}) {
      SCOPED_TRACE(command + where);
      ScriptedScene scene;
      const Outcome outcome = Run(scene, command, "-o json --yes " + scene.tag() + where);
      EXPECT_EQ(outcome.exit_code, 1);
      EXPECT_EQ(RefusalOf(outcome), "REFUSAL_KIND_NO_AUDIT") << outcome.text;
      ExpectUntouched(scene);
    }
  }
}

TEST(StandardError, LetsAnActionGoOnToAVerifiedEndWhenItsReaderGoesAway) {
  ScriptedScene scene;
  const Outcome outcome = Run(scene, "refresh", "-o json --yes " + scene.tag() + " 2>&1 >/dev/null | head -n 1");
  EXPECT_THAT(outcome.text, HasSubstr(": intent: "));
  EXPECT_EQ(scene.node().Target(scene.tag()), scene.new_image().digest);
  EXPECT_THAT(scene.node().leases(), IsEmpty());
}

TEST(StandardError, HoldsUpNoActionWhenNobodyReadsIt) {
  ScriptedScene scene;
  const std::string pipe = scene.folder().path() + "/stderr";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int full = open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  const std::string page(4096, '.');
  while (write(full, page.data(), page.size()) > 0) {
  }
  const Outcome outcome = Run(scene, "refresh", "-o json --yes " + scene.tag() + " 2>" + pipe);
  close(full);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("nobody reads it"));
  ExpectUntouched(scene);
}

TEST(StandardError, HasOneJsonRecordALineOnRequest) {
  ScriptedScene scene;
  const Outcome outcome = Run(scene, "refresh", "-v --log-format json --yes " + scene.tag() + " 2>&1 >/dev/null");
  std::istringstream lines(outcome.text);
  std::vector<std::string> events;
  for (std::string line; std::getline(lines, line);) {
    const json record = json::parse(line, nullptr, false);
    ASSERT_FALSE(record.is_discarded()) << line;
    EXPECT_TRUE(record.contains("time")) << line;
    if (!record.contains("audit")) continue;
    EXPECT_EQ(record["audit"]["requester"], "uid " + std::to_string(getuid()));
    EXPECT_NE(record["audit"]["requestId"], "");
    events.push_back(record["audit"]["event"]);
  }
  ASSERT_FALSE(events.empty()) << outcome.text;
  EXPECT_EQ(events.front(), "AUDIT_EVENT_INTENT");
  EXPECT_EQ(events.back(), "AUDIT_EVENT_OUTCOME");
  const Outcome error =
      RunBinary("check --log-format json --runtime-endpoint unix:///nonexistent.sock 2>&1 >/dev/null");
  EXPECT_EQ(json::parse(error.text, nullptr, false)["level"], "error") << error.text;
}

}  // namespace
}  // namespace tagdrift::cli
