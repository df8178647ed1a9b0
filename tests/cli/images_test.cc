// `tagdrift images` on a scripted node.
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

std::string OutputOf(const ScriptedScene& scene, const std::vector<std::string>& options, int exit_code = 0) {
  RunningBinary binary(scene.Arguments("images", options));
  EXPECT_EQ(binary.AwaitEnd(kEver), exit_code) << binary.streams().err;
  return binary.streams().out + binary.streams().err;
}

TEST(Images, ListsWhatIsCachedAndAsksNobody) {
  ScriptedScene scene;
  const json list = json::parse(OutputOf(scene, {"-o", "json"}));
  const json& image = list["images"].at(0);
  EXPECT_EQ(image["reference"], scene.tag());
  EXPECT_EQ(image["cachedDigest"], scene.old_image().digest);
  EXPECT_TRUE(image.contains("cachedSince")) << image;
  for (const std::string& call : scene.gate().seen()) {
    EXPECT_THAT(call, testing::Not(testing::AnyOf(HasSubstr("HEAD "), HasSubstr("GET ")))) << "of the registry";
  }
}

TEST(Images, NeedsNoCredentialsThatItsOptionsName) {
  ScriptedScene scene;
  EXPECT_EQ(OutputOf(scene, {"-o", "name", "--auth-file", "/nonexistent.json"}), scene.tag() + "\n");
}

TEST(Images, ShowsATableThatBeginsWithTheAnswer) {
  ScriptedScene scene;
  const std::string text = OutputOf(scene, {});
  EXPECT_THAT(text, testing::StartsWith("1 tag, "));
  EXPECT_THAT(text, HasSubstr(scene.old_image().digest.substr(7, 12)));
  EXPECT_THAT(text, testing::Not(HasSubstr(scene.old_image().digest.substr(7, 13))));
}

TEST(Images, SaysWhichPatternMatchesNothing) {
  ScriptedScene scene;
  EXPECT_THAT(OutputOf(scene, {"nginx*"}, 2), HasSubstr("no tag cached on this node matches 'nginx*'"));
}

}  // namespace
}  // namespace tagdrift::cli
