// `tagdrift record` on a scripted node, and `tagdrift replay` without one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "running_binary.h"
#include "scripted_scene.h"

namespace tagdrift::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct Result {
  int exit_code = -1;
  std::string out;
  std::string err;
};

Result RunProgram(const std::vector<std::string>& arguments) {
  RunningBinary binary(arguments);
  const int exit_code = binary.AwaitEnd(kEver).value_or(-1);
  return {exit_code, binary.streams().out, binary.streams().err};
}

/// What two rounds of the same node and registries have in common.
json WithoutTimes(json value) {
  if (value.is_object()) {
    for (const char* name : {"checkedAt", "latency", "slowest"}) value.erase(name);
  }
  if (!value.is_structured()) return value;
  for (json& item : value) item = WithoutTimes(std::move(item));
  return value;
}

class RecordTest : public testing::Test {
 protected:
  std::string File() const { return scene_.folder().path() + "/round.json"; }
  void Record(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{File()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Result recorded = RunProgram(scene_.Arguments("record", arguments));
    ASSERT_EQ(recorded.exit_code, 0) << recorded.err;
    EXPECT_EQ(recorded.out, "");
  }

  ScriptedScene scene_;
};

TEST_F(RecordTest, IsReplayedAsCheckSaysIt) {
  const Result live = RunProgram(scene_.Arguments("check", {"-o", "json"}));
  Record();
  const Result replayed = RunProgram({"replay", File(), "-o", "json"});
  EXPECT_EQ(live.exit_code, 1) << live.err;
  EXPECT_EQ(replayed.exit_code, 1) << replayed.err;
  EXPECT_EQ(WithoutTimes(json::parse(replayed.out)), WithoutTimes(json::parse(live.out)));
  EXPECT_EQ(RunProgram({"replay", File(), "check", "-o", "json"}).out, replayed.out);
  EXPECT_EQ(RunProgram({"replay", File()}).out, RunProgram(scene_.Arguments("check", {})).out);
}

TEST_F(RecordTest, TagsThatWereSelectedAreShownAsCheckShowsThem) {
  Record({scene_.tag()});
  EXPECT_EQ(RunProgram({"replay", File()}).out, RunProgram(scene_.Arguments("check", {scene_.tag()})).out);
}

TEST_F(RecordTest, OnlyItsOwnerReadsTheFile) {
  Record();
  struct stat status {};
  ASSERT_EQ(stat(File().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(RecordTest, GoesThroughPipes) {
  const Result recorded = RunProgram(scene_.Arguments("record", {"-"}));
  EXPECT_EQ(json::parse(recorded.out)["format"], "tagdrift recording");
  std::ofstream(File()) << recorded.out;
  EXPECT_EQ(RunProgram({"replay", File()}).exit_code, 1);
  EXPECT_EQ(RunProgram(scene_.Arguments("record", {"/dev/null"})).exit_code, 0);
}

TEST_F(RecordTest, AFileThatCannotBeWrittenIsOneError) {
  const Result recorded = RunProgram(scene_.Arguments("record", {scene_.folder().path() + "/none/round.json"}));
  EXPECT_EQ(recorded.exit_code, 2);
  EXPECT_THAT(recorded.err, HasSubstr("No such file or directory"));
  EXPECT_EQ(RunProgram(scene_.Arguments("record", {scene_.folder().path()})).exit_code, 2);
}

TEST_F(RecordTest, AFileThatIsNoneIsOneError) {
  std::ofstream(File()) << R"({"format":"tagdrift recording","version":9})";
  const Result replayed = RunProgram({"replay", File()});
  EXPECT_EQ(replayed.exit_code, 2);
  EXPECT_EQ(replayed.out, "");
  EXPECT_THAT(replayed.err, HasSubstr(File() + ": a tagdrift recording of format version 9"));
  EXPECT_EQ(RunProgram({"replay", "/nonexistent"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"replay"}).exit_code, 64);
}

TEST_F(RecordTest, APatternThatNoRecordedTagMatchesIsOneError) {
  Record();
  const Result replayed = RunProgram({"replay", File(), "nginx*"});
  EXPECT_EQ(replayed.exit_code, 2);
  EXPECT_THAT(replayed.err, HasSubstr("nginx*"));
  EXPECT_EQ(RunProgram({"replay", File(), "check", "*:v1"}).exit_code, 1);
}

TEST_F(RecordTest, IsExplainedAsOnTheNode) {
  Record({"--all-hosts"});
  const Result live = RunProgram(scene_.Arguments("explain", {"-o", "json", scene_.tag()}));
  const Result replayed = RunProgram({"replay", File(), "explain", "-o", "json", scene_.tag()});
  EXPECT_EQ(replayed.exit_code, live.exit_code) << replayed.err;
  const auto tags = [](const Result& result) { return WithoutTimes(json::parse(result.out))["tags"]; };
  EXPECT_EQ(tags(replayed), tags(live));
  EXPECT_THAT(RunProgram({"replay", File(), "explain", scene_.tag()}).out,
              HasSubstr(scene_.new_image().digest.substr(0, 19)));
  EXPECT_EQ(RunProgram({"replay", File(), "explain", "registry.test/other:v1"}).exit_code, 2);
}

TEST_F(RecordTest, PlansAreShownAsOnTheNode) {
  Record();
  for (const std::vector<std::string>& action :
       std::vector<std::vector<std::string>>{{"refresh"},
                                             {"prepull"},
                                             {"evict"},
                                             {"evict", "--force", "--free", "--protect", "*"},
                                             {"refresh", "-o", "json"}}) {
    std::vector<std::string> options(action.begin() + 1, action.end());
    options.push_back(scene_.tag());
    const Result live = RunProgram(scene_.Arguments(action[0], options));
    options.insert(options.begin(), {"replay", File(), action[0]});
    const Result replayed = RunProgram(options);
    EXPECT_EQ(replayed.exit_code, live.exit_code) << replayed.err;
    EXPECT_EQ(replayed.out, live.out);
  }
  EXPECT_THAT(RunProgram({"replay", File(), "refresh", scene_.tag()}).out, HasSubstr("1 would be refreshed"));
  EXPECT_EQ(RunProgram({"replay", File(), "refresh", "--yes", scene_.tag()}).exit_code, 64);
}

TEST_F(RecordTest, APlanThatTheFileDoesNotTellIsNotMade) {
  Record({"--no-containers"});
  const Result replayed = RunProgram({"replay", File(), "refresh", "-o", "json", scene_.tag()});
  EXPECT_EQ(replayed.exit_code, 2);
  EXPECT_THAT(replayed.out, HasSubstr("ACTION_STATE_FAILED"));
  EXPECT_THAT(replayed.out, HasSubstr("was not recorded"));
  EXPECT_EQ(replayed.err, "");
}

TEST_F(RecordTest, SinceWhenATagIsStaleIsInIt) {
  const std::string state = scene_.folder().path() + "/state";
  std::filesystem::create_directory(state);
  const Result live = RunProgram(scene_.Arguments("check", {"-o", "json", "--state-dir", state}));
  const json first_seen = json::parse(live.out)["tags"][0]["firstSeen"];
  EXPECT_TRUE(first_seen.is_string()) << live.out;
  Record({"--state-dir", state});
  EXPECT_EQ(json::parse(RunProgram({"replay", File(), "-o", "json"}).out)["tags"][0]["firstSeen"], first_seen);
}

}  // namespace
}  // namespace tagdrift::cli
