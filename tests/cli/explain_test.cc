// `tagdrift explain` on a scripted node whose registry has moved its tag on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "running_binary.h"
#include "scripted_scene.h"

namespace tagdrift::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

std::string Explanation(const ScriptedScene& scene, const std::vector<std::string>& options, int exit_code) {
  RunningBinary binary(scene.Arguments("explain", options));
  EXPECT_EQ(binary.AwaitEnd(kEver), exit_code) << binary.streams().err;
  return binary.streams().out + binary.streams().err;
}

TEST(Explain, AnswersFirstAndTellsTheWholeChain) {
  ScriptedScene scene;
  const std::string text = Explanation(scene, {scene.tag()}, 1);
  EXPECT_THAT(text, StartsWith("STALE: the tag moved at " + scene.registry() + "; the next pull is right\n"));
  for (const std::string& part :
       {std::string("Digests:"), scene.old_image().digest.substr(7, 12), scene.new_image().digest.substr(7, 12),
        std::string("Hosts, in the order"), "certs.d/" + scene.registry() + "/hosts.toml",
        std::string("The next pull:"), std::string("Credentials:"), std::string("What to do:"), std::string("$ ")}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Explain, IsTheReportOfThatOneTagInJson) {
  ScriptedScene scene;
  const json report = json::parse(Explanation(scene, {"-o", "json", scene.tag()}, 1));
  ASSERT_EQ(report["tags"].size(), 1U);
  const json& tag = report["tags"][0];
  EXPECT_EQ(tag["cachedDigest"], scene.old_image().digest);
  EXPECT_EQ(tag["originDigest"], scene.new_image().digest);
  EXPECT_EQ(tag["hosts"].at(0)["access"], "ACCESS_OPEN");
  ASSERT_EQ(tag["images"].size(), 2U);
  EXPECT_EQ(tag["images"][0]["imageId"], scene.old_image().id);
  EXPECT_EQ(tag["images"][1]["imageId"], scene.new_image().id);
  EXPECT_EQ(tag["images"][1]["mediaType"], scene.new_image().manifest_type);
}

TEST(Explain, OfATagThatIsNotHereSaysWhatAPullWouldBringAndWhatIsHere) {
  ScriptedScene scene;
  scene.node().Add(scene.repository() + ":v0", scene.old_image());
  const std::string missing = scene.repository() + ":latest";
  const std::string text = Explanation(scene, {missing}, 2);
  EXPECT_THAT(text, StartsWith("NOT CACHED on this node"));
  EXPECT_THAT(text, HasSubstr(scene.tag()));
  EXPECT_THAT(text, HasSubstr("not on this node"));
}

// A digest cannot be stale; that it is not here is no "nothing stale".
TEST(Explain, OfADigestThatIsNotHereEndsAsOfATag) {
  ScriptedScene scene;
  const std::string missing = scene.repository() + "@" + scene.new_image().digest;
  EXPECT_THAT(Explanation(scene, {missing}, 2), StartsWith("NOT CACHED on this node"));
}

TEST(Explain, OfAPodThatIsNotHereAsksNobody) {
  ScriptedScene scene;
  EXPECT_THAT(Explanation(scene, {"--pod", "shop/web-0"}, 2), HasSubstr("no pod shop/web-0 is on this node"));
  for (const std::string& call : scene.gate().seen()) {
    EXPECT_THAT(call, testing::Not(testing::AnyOf(HasSubstr("HEAD "), HasSubstr("GET ")))) << "of the registry";
  }
}

TEST(Explain, SaysWhichFileHasCredentialsForAHostThatRefuses) {
  ScriptedScene scene(0, CallGate::Hang::kUndone, true);
  scene.folder().Write("config.json", R"({"auths":{")" + scene.registry() + R"(":{"auth":"dXNlcjpwbGFudGVk"}}})");
  const std::string file = scene.folder().path() + "/config.json";
  const std::string text = Explanation(scene, {"--auth-file", file, scene.tag()}, 2);
  EXPECT_THAT(text, HasSubstr("refuses, whatever tagdrift has"));
  EXPECT_THAT(text, HasSubstr(file));
  EXPECT_THAT(text, testing::Not(testing::AnyOf(HasSubstr("planted"), HasSubstr("dXNlcjpwbGFudGVk"))));
}

}  // namespace
}  // namespace tagdrift::cli
