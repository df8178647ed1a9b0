#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace tagdrift::credentials {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(EndpointAuths, CountInContainerdsOrder) {
  struct Row {
    const char* name;
    hosts::EndpointAuth auth;
    const char* found;
  };
  const Row kRows[] = {{"User", {"u", "p", "dXNlcjpwYXNz", "t"}, "u:p"},
                       {"IdentityToken", {"", "p", "dXNlcjpwYXNz", "t"}, "identity:t"},
                       {"Auth", {"", "", "dXNlcjpwYXNz", ""}, "user:pass"},
                       {"AuthWithNul", {"", "", "dXNlcjpwYXNzAAA=", ""}, "user:pass"},
                       {"Nothing", {"", "", "", ""}, "none"}};
  for (const Row& row : kRows) {
    Scene scene;
    scene.endpoint_auths = {{"r.example:5000", row.auth}};
    ASSERT_EQ(scene.Open(), "");
    EXPECT_EQ(scene.Find("r.example:5000", "app"), row.found) << row.name;
  }
}

TEST(EndpointAuths, AreForTheirHostOnly) {
  Scene scene;
  scene.endpoint_auths = {{"registry-1.docker.io", {"u", "p", "", ""}}};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("registry-1.docker.io", "library/nginx"), "u:p");
  EXPECT_EQ(scene.Find("docker.io", "library/nginx"), "none");
  EXPECT_EQ(scene.Find("registry-1.docker.io:443", "library/nginx"), "none");
}

TEST(EndpointAuths, ThatCannotBeUsedAreNamed) {
  Scene scene;
  scene.endpoint_auths = {{"r.example", {"", "", "SFVTSEhVU0g=", ""}}};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "app"), "none");
  EXPECT_THAT(*scene.warnings,
              ElementsAre(AllOf(HasSubstr("r.example"), Not(HasSubstr("SFVT")), Not(HasSubstr("HUSH")))));
}

TEST(EndpointAuths, ComeAfterAllOthers) {
  Scene scene;
  scene.options.auth_files = {scene.Write("config.json", ConfigWith({{"r.example", "file"}}))};
  scene.Write("secrets/.dockerconfigjson", ConfigWith({{"r.example", "secret"}, {"s.example", "secret"}}));
  scene.options.pull_secrets = {scene.Path("secrets")};
  scene.endpoint_auths = {{"r.example", {"own", "pw", "", ""}}, {"s.example", {"own", "pw", "", ""}}};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "app"), "file:pw, secret:pw");
  EXPECT_EQ(scene.Find("s.example", "app"), "secret:pw, own:pw");
}

TEST(EndpointAuths, AreReplacedWithoutForgettingWhatOthersAnswered) {
  Scene scene;
  scene.WriteProgram("bin/docker-credential-x");
  scene.options.auth_files = {scene.Write("config.json", R"({"credsStore":"x"})")};
  scene.programs->Will([](const Command&) { return Ending{1, "credentials not found in native keychain", ""}; });
  scene.endpoint_auths = {{"r.example", {"old", "pw", "", ""}}, {"gone.example", {"old", "pw", "", ""}}};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "app"), "old:pw");
  scene.sources().UseEndpointAuths({{"r.example", {"new", "pw", "", ""}}});
  EXPECT_EQ(scene.Find("r.example", "app"), "new:pw");
  EXPECT_EQ(scene.programs->calls().size(), 1U);
  EXPECT_EQ(scene.Find("gone.example", "app"), "none");
}

}  // namespace
}  // namespace tagdrift::credentials
