#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "scene.h"

namespace tagdrift::credentials {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace fs = std::filesystem;

/// Mounts a secret as the kubelet does: a folder with the data, a link `..data` to it, and links through that.
void Mount(const Scene& scene, const std::string& folder, const std::string& version, const std::string& config) {
  scene.Write(folder + "/.." + version + "/.dockerconfigjson", config);
  fs::create_symlink(".." + version, scene.Path(folder + "/..data_tmp"));
  fs::rename(scene.Path(folder + "/..data_tmp"), scene.Path(folder + "/..data"));
  if (!fs::is_symlink(scene.Path(folder + "/.dockerconfigjson"))) {
    fs::create_symlink("..data/.dockerconfigjson", scene.Path(folder + "/.dockerconfigjson"));
  }
}

TEST(PullSecrets, AreReadFromAFolderAndFromFoldersInIt) {
  Scene scene;
  Mount(scene, "secrets", "1", ConfigWith({{"a.example", "a"}}));
  Mount(scene, "secrets/team", "1", ConfigWith({{"b.example", "b"}}));
  scene.Write("secrets/old/.dockercfg", R"({"c.example":{"auth":"dXNlcjpwYXNz"}})");
  scene.Write("secrets/deep/er/.dockerconfigjson", ConfigWith({{"d.example", "d"}}));
  scene.Write("secrets/..hidden/.dockerconfigjson", ConfigWith({{"e.example", "e"}}));
  scene.options.pull_secrets = {scene.Path("secrets")};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("a.example", "app"), "a:pw");
  EXPECT_EQ(scene.Find("b.example", "app"), "b:pw");
  EXPECT_EQ(scene.Find("c.example", "app"), "user:pass");
  EXPECT_EQ(scene.Find("d.example", "app"), "none");
  EXPECT_EQ(scene.Find("e.example", "app"), "none");
  EXPECT_THAT(*scene.warnings, IsEmpty());
}

TEST(PullSecrets, FormOneKeyringOverAllFolders) {
  Scene scene;
  scene.Write("one/.dockerconfigjson", ConfigWith({{"*.example", "glob"}, {"r.example/team", "team"}}));
  scene.Write("two/.dockerconfigjson", ConfigWith({{"r.example/team/app", "app"}, {"r.example/team", "team2"}}));
  scene.options.pull_secrets = {scene.Path("one"), scene.Path("two")};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "team/app"), "app:pw, team:pw");
  EXPECT_EQ(scene.Find("r.example", "team/x"), "team:pw, team2:pw");
  EXPECT_EQ(scene.Find("r.example", "x"), "glob:pw");
}

TEST(PullSecrets, TakeDockerHubsApiHostForDockerHub) {
  Scene scene;
  scene.Write("one/.dockerconfigjson", ConfigWith({{"https://index.docker.io/v1/", "hub"}}));
  scene.options.pull_secrets = {scene.Path("one")};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("registry-1.docker.io", "library/nginx"), "hub:pw");
}

TEST(PullSecrets, CountUserNamesAndPasswordsOnlyAndNoHelpers) {
  Scene scene;
  scene.Write("one/.dockerconfigjson", R"({"credsStore":"x","credHelpers":{"r.example":"x"},"auths":{
    "i.example":{"auth":"MDo=","identitytoken":"t"},"r.example":{"registrytoken":"t"},
    "u.example":{"auth":"dXNlcjpwYXNz","identitytoken":"t"},"t.example":{"username":"<token>","password":"p"}}})");
  scene.options.pull_secrets = {scene.Path("one")};
  scene.WriteProgram("bin/docker-credential-x");
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("i.example", "app"), "none");
  EXPECT_EQ(scene.Find("r.example", "app"), "none");
  EXPECT_EQ(scene.Find("u.example", "app"), "user:pass");
  EXPECT_EQ(scene.Find("t.example", "app"), "<token>:p");
  EXPECT_TRUE(scene.programs->calls().empty());
  EXPECT_EQ(scene.warnings->size(), 2U);
}

TEST(PullSecrets, AreReadAgainWhenTheKubeletSwapsThem) {
  Scene scene;
  Mount(scene, "one", "1", ConfigWith({{"r.example", "old"}}));
  scene.options.pull_secrets = {scene.Path("one")};
  ASSERT_EQ(scene.Open(), "");
  Mount(scene, "one", "2", ConfigWith({{"r.example", "new"}}));
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("r.example", "app"), "new:pw");
}

TEST(PullSecrets, ComeAndGo) {
  Scene scene;
  scene.Write("one/a/.dockerconfigjson", ConfigWith({{"a.example", "a"}}));
  scene.options.pull_secrets = {scene.Path("one")};
  ASSERT_EQ(scene.Open(), "");
  scene.Write("one/b/.dockerconfigjson", ConfigWith({{"b.example", "b"}}));
  fs::remove_all(scene.Path("one/a"));
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("a.example", "app"), "none");
  EXPECT_EQ(scene.Find("b.example", "app"), "b:pw");
}

TEST(PullSecrets, KeepWhatABrokenOneSaid) {
  Scene scene;
  scene.Write("one/a/.dockerconfigjson", ConfigWith({{"a.example", "a"}}));
  scene.options.pull_secrets = {scene.Path("one")};
  ASSERT_EQ(scene.Open(), "");
  scene.Write("one/a/.dockerconfigjson", "HUSH");
  scene.Write("one/b/.dockerconfigjson", ConfigWith({{"b.example", "b"}}));
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("a.example", "app"), "a:pw");
  EXPECT_EQ(scene.Find("b.example", "app"), "b:pw");
  EXPECT_THAT(*scene.warnings, ElementsAre(AllOf(HasSubstr("one/a/.dockerconfigjson"), HasSubstr("not valid JSON"),
                                                 Not(HasSubstr("HUSH")))));
}

TEST(PullSecrets, KeepWhatTheySaidWhenTheFolderGoes) {
  Scene scene;
  scene.Write("one/a/.dockerconfigjson", ConfigWith({{"a.example", "a"}}));
  scene.options.pull_secrets = {scene.Path("one")};
  ASSERT_EQ(scene.Open(), "");
  fs::remove_all(scene.Path("one"));
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("a.example", "app"), "a:pw");
  EXPECT_EQ(scene.warnings->size(), 1U);
}

TEST(PullSecrets, AreNamedWhenTheyCannotBeRead) {
  Scene scene;
  scene.options.pull_secrets = {scene.Path("missing")};
  EXPECT_THAT(scene.Open(), AllOf(HasSubstr(scene.Path("missing")), HasSubstr("No such file")));
  scene.options.pull_secrets = {scene.Write("file", "")};
  EXPECT_THAT(scene.Open(), AllOf(HasSubstr(scene.Path("file")), HasSubstr("Not a directory")));
  scene.Write("bad/a/.dockerconfigjson", "HUSH");
  scene.options.pull_secrets = {scene.Path("bad")};
  EXPECT_THAT(scene.Open(), AllOf(HasSubstr("bad/a/.dockerconfigjson"), Not(HasSubstr("HUSH"))));
  for (int i = 0; i < 101; ++i) scene.Write("many/" + std::to_string(i), "");
  scene.options.pull_secrets = {scene.Path("many")};
  EXPECT_THAT(scene.Open(), HasSubstr("more than 100 names"));
}

TEST(PullSecrets, AreMissedInAFolderWithoutAny) {
  Scene scene;
  fs::create_directory(scene.Path("empty"));
  scene.options.pull_secrets = {scene.Path("empty")};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_THAT(*scene.warnings, ElementsAre(HasSubstr(scene.Path("empty"))));
}

}  // namespace
}  // namespace tagdrift::credentials
