#include <gtest/gtest.h>

#include "scene.h"

namespace tagdrift::credentials {
namespace {

TEST(Sources, FindNothingWhereNothingIsConfigured) {
  Scene scene;
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "a"), "none");
}

TEST(Sources, AreAskedInOrderAndGiveTwoCandidatesAtMost) {
  Scene scene;
  scene.options.auth_files = {scene.Write("1.json", ConfigWith({{"r.example", "one"}})),
                              scene.Write("2.json", ConfigWith({{"r.example", "two"}})),
                              scene.Write("3.json", ConfigWith({{"r.example", "three"}, {"s.example", "three"}}))};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "a"), "one:pw, two:pw");
  EXPECT_EQ(scene.Find("s.example", "a"), "three:pw");
}

TEST(Sources, GiveEqualCredentialsOnce) {
  Scene scene;
  scene.options.auth_files = {scene.Write("1.json", ConfigWith({{"r.example", "one"}})),
                              scene.Write("2.json", ConfigWith({{"r.example", "one"}})),
                              scene.Write("3.json", ConfigWith({{"r.example", "two"}}))};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "a"), "one:pw, two:pw");
}

TEST(Sources, GiveAMirrorItsOwnCredentialsOnly) {
  Scene scene;
  scene.options.auth_files = {scene.Write("1.json", ConfigWith({{"quay.io", "quay"}, {"docker.io", "hub"}}))};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("mirror.corp:5000", "team/app"), "none");
}

TEST(Sources, NameTheHostsOfTheirFilesAndRunNothing) {
  Scene scene;
  scene.options.auth_files = {scene.Write("1.json", R"({"auths":{"https://index.docker.io/v1/":{"auth":"aHViOnB3"},
                                "r.example:5000/team":{"auth":"dGVhbTpwdw=="}},
                                "credHelpers":{"h.example":"helper"},"credsStore":"store"})")};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.sources().Hosts({}), (std::vector<std::string>{"docker.io", "h.example", "r.example:5000"}));
  EXPECT_TRUE(scene.programs->calls().empty());
}

TEST(Sources, GiveAMirrorSharedCredentialsAfterItsOwn) {
  Scene scene;
  scene.options.auth_files = {scene.Write(
      "1.json",
      ConfigWith({{"quay.io/team", "team"}, {"quay.io", "quay"}, {"docker.io", "hub"}, {"own.corp", "own"}}))};
  scene.options.shared = {{"mirror.corp:5000", "quay.io"}, {"hub.corp", "docker.io"}, {"own.corp", "quay.io"}};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("mirror.corp:5000", "team/app"), "team:pw");
  EXPECT_EQ(scene.Find("mirror.corp:5000", "app"), "quay:pw");
  EXPECT_EQ(scene.Find("hub.corp", "library/nginx"), "hub:pw");
  EXPECT_EQ(scene.Find("own.corp", "app"), "own:pw, quay:pw");
  EXPECT_EQ(scene.Find("mirror.corp", "app"), "none") << "another port is another host";
  EXPECT_EQ(scene.Find("quay.io", "app"), "quay:pw");
}

}  // namespace
}  // namespace tagdrift::credentials
