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

TEST(Sources, TellWhereTheyWouldLookWithoutLooking) {
  Scene scene;
  const std::string file = scene.Write("1.json", R"({"auths":{"r.example/team":{"auth":"dGVhbTpwdw=="}},
                                "credHelpers":{"h.example":"helper"}})");
  scene.Write("secrets/.dockerconfigjson", ConfigWith({{"*.example", "secret"}}));
  scene.WriteProgram("bin/ecr");
  scene.options.auth_files = {file};
  scene.options.pull_secrets = {scene.Path("secrets")};
  scene.options.provider_config = scene.Write("providers.json", R"({"apiVersion":"kubelet.config.k8s.io/v1",
      "kind":"CredentialProviderConfig","providers":[{"name":"ecr","matchImages":["r.example"],
      "defaultCacheDuration":"10m","apiVersion":"credentialprovider.kubelet.k8s.io/v1"}]})");
  scene.options.provider_bin_dir = scene.Path("bin");
  scene.options.shared = {{"mirror.corp", "r.example"}};
  scene.endpoint_auths = {{"r.example", {"u", "planted", "", ""}}};
  ASSERT_EQ(scene.Open(), "");
  const auto places = [&](const char* host, const char* repository) {
    return scene.sources().Places(host, repository, {});
  };
  const std::string secret = "a pull secret in " + scene.Path("secrets");
  const std::string provider = "the kubelet's credential provider ecr";
  const std::string own = "containerd's own configuration (registry.configs.\"r.example\".auth)";
  EXPECT_EQ(places("r.example", "team/app"), (std::vector{"an entry in " + file, secret, provider, own}));
  EXPECT_EQ(places("r.example", "other/app"), (std::vector{secret, provider, own}));
  EXPECT_EQ(places("h.example", "app"), (std::vector{"docker-credential-helper, which " + file + " names", secret}));
  EXPECT_EQ(places("mirror.corp", "other/app").front(), secret + ", for r.example (--share-credentials)");
  EXPECT_TRUE(places("s.other", "app").empty());
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
