// Another gRPC implementation, in another language, at a real agent: tests/foreign/client.js.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "failure.h"
#include "serving.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;

const char kPackages[] = "foreign/node_modules";

std::vector<json> Lines(const std::string& text) {
  std::vector<json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line, nullptr, false));
  return lines;
}

std::vector<std::string> ClientCommand(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"node", TAGDRIFT_FOREIGN_CLIENT});
  return arguments;
}

std::map<std::string, std::string> ClientEnvironment() { return {{"NODE_PATH", LabFile(kPackages)}}; }

struct Answers {
  int exit_code = -1;
  std::vector<json> lines;  ///< at least one
};

Answers Ask(const std::vector<std::string>& arguments) {
  const Output output = RunCommand(ClientCommand(arguments), {.environment = ClientEnvironment()});
  Answers answers{output.exit_code, Lines(output.out)};
  if (answers.lines.empty()) GiveUp("the foreign client said nothing: " + output.err);
  return answers;
}

bool IsDefault(const json& value) {
  if (value.is_string()) {
    const std::string text = value;
    return text.empty() || text == "0" || text.ends_with("_UNSPECIFIED");
  }
  return value.is_null() || value == 0 || value == false || (value.is_structured() && value.empty());
}

/// Proto3's JSON may have fields at their defaults, or leave them out.
json WithoutDefaults(const json& value) {
  if (!value.is_structured()) return value;
  json out = value.is_object() ? json::object() : json::array();
  for (const auto& [key, field] : value.items()) {
    json kept = WithoutDefaults(field);
    if (value.is_array()) {
      out.push_back(std::move(kept));
    } else if (!IsDefault(kept)) {
      out[key] = std::move(kept);
    }
  }
  return out;
}

class ForeignClient : public testing::Test {
 protected:
  void SetUp() override {
    if (!AreUnpacked({kPackages})) GTEST_SKIP();
  }
};

TEST_F(ForeignClient, ReadsByReflectionWhatACheckSays) {
  const App app("frn-same");
  app.Pull();
  app.Move();
  const Agent agent("frn-same");
  const Answers answers = Ask({"reflect", agent.Reader()});
  ASSERT_EQ(answers.exit_code, 0) << answers.lines.back();
  ASSERT_EQ(answers.lines.size(), 2U);
  EXPECT_EQ(answers.lines[0], json({"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection",
                                    "tagdrift.v1.NodeCache", "tagdrift.v1.NodeCacheActions"}));
  const Output local = RunTagdrift(TheLab(), {"check", "--pods-from", "none", "-o", "json"});
  EXPECT_EQ(WithoutDefaults(WithoutTimes(answers.lines[1]["report"])),
            WithoutDefaults(WithoutTimes(json::parse(local.out))));
}

TEST_F(ForeignClient, TurnsPagesOfWhatItFilters) {
  const App one("frn-page/one");
  const App two("frn-page/two");
  const App other("frn-other");
  for (const App* app : {&one, &two, &other}) app->Pull();
  const Agent agent("frn-page");
  json request = {{"filter", {{"patterns", {"*/frn-page/*"}}}}, {"pageSize", 1}};
  std::vector<std::string> references;
  for (int page = 0; page < 2; ++page) {
    const Answers answers = Ask({"GetReport", agent.Reader(), request.dump()});
    ASSERT_EQ(answers.exit_code, 0) << answers.lines.back();
    for (const json& tag : answers.lines[0]["report"]["tags"]) references.push_back(tag["reference"]);
    EXPECT_EQ(references.size(), page + 1U);
    request["pageToken"] = answers.lines[0].value("nextPageToken", "");
  }
  EXPECT_EQ(request["pageToken"], "");
  EXPECT_THAT(references, testing::ElementsAre(one.reference, two.reference));
}

TEST_F(ForeignClient, WatchesAPull) {
  const App app("frn-watch");
  const Agent agent("frn-watch");
  const std::string told = LabRoot() + "/frn-watch.told";
  const Daemon watcher("the watcher", ClientCommand({"WatchReport", agent.Reader()}), ClientEnvironment(), told);
  const auto said = [&](const char* event, const std::string& reference) {
    for (const json& line : Lines(ReadFile(told))) {
      if (!line.is_object() || !line.contains(event)) continue;
      if (reference.empty()) return true;
      for (const json& tag : line[event].value("tags", json::array())) {
        if (tag["reference"] == reference) return true;
      }
    }
    return false;
  };
  WaitFor("the whole report", [&] { return said("report", ""); });
  app.Pull();
  EXPECT_TRUE(Poll([&] { return said("changes", app.reference) || said("report", app.reference); })) << ReadFile(told);
}

TEST_F(ForeignClient, ExplainsAndRefreshes) {
  const App app("frn-act");
  app.Pull();
  app.Move();
  const Agent agent("frn-act");
  const Answers explained = Ask({"Explain", agent.Operator(), json({{"reference", app.reference}}).dump()});
  ASSERT_EQ(explained.exit_code, 0) << explained.lines.back();
  EXPECT_EQ(explained.lines[0]["report"]["tags"][0]["verdict"], "VERDICT_STALE");
  EXPECT_EQ(explained.lines[0]["report"]["tags"][0]["originDigest"], app.v2.digest());

  const std::string request = json({{"references", {app.reference}}, {"apply", true}}).dump();
  const Answers refused = Ask({"Refresh", agent.Reader(), request});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(refused.lines.back()["code"], "PERMISSION_DENIED");
  EXPECT_EQ(TheLab().containerd().Target(app.reference), app.v1.digest());

  const Answers done = Ask({"Refresh", agent.Operator(), request});
  ASSERT_EQ(done.exit_code, 0) << done.lines.back();
  EXPECT_EQ(done.lines.front()["plan"]["toDigest"], app.v2.digest());
  EXPECT_EQ(done.lines.back()["outcome"]["outcome"]["state"], "ACTION_STATE_DONE");
  EXPECT_EQ(TheLab().containerd().Target(app.reference), app.v2.digest());
}

}  // namespace
}  // namespace tagdrift::lab
