#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "scene.h"

namespace tagdrift::credentials {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// What one auth file has for a repository.
std::string Look(const std::string& text, const std::string& host, const std::string& repository) {
  Scene scene;
  scene.options.auth_files = {scene.Write("config.json", text)};
  const std::string error = scene.Open();
  return error.empty() ? scene.Find(host, repository) : error;
}

TEST(AuthFile, ReadsEntries) {
  struct Row {
    const char* name;
    const char* entry;
    const char* found;
  };
  for (const Row& row :
       {Row{"Plain", R"({"auth":"dXNlcjpwYXNz"})", "user:pass"},
        Row{"FirstColon", R"({"auth":"dXNlcjpwYTpzcw=="})", "user:pa:ss"},
        Row{"NoPadding", R"({"auth":"dXNlcjpwYTpzcw"})", "user:pa:ss"},
        Row{"Blank", R"({"auth":" dXNlcjpwYXNz\n"})", "user:pass"},
        Row{"Nul", R"({"auth":"dXNlcjpwYXNzAAA="})", "user:pass"}, Row{"EmptyUser", R"({"auth":"OnBhc3M="})", ":pass"},
        Row{"Fields", R"({"username":"u","password":"p"})", "u:p"},
        Row{"AuthWins", R"({"auth":"dXNlcjpwYXNz","username":"u","password":"p"})", "user:pass"},
        Row{"Marker", "{}", "none"}, Row{"EmailOnly", R"({"email":"e"})", "none"},
        Row{"NullFields", R"({"auth":null,"username":"u","password":"p"})", "u:p"},
        Row{"IdentityToken", R"({"auth":"MDAwMDo=","identitytoken":"t"})", "identity:t"},
        Row{"IdentityTokenAlone", R"({"identitytoken":"t"})", "identity:t"},
        Row{"PasswordBesideIdentityToken", R"({"auth":"dXNlcjpwYXNz","identitytoken":"t"})", "user:pass"},
        Row{"TokenUser", R"({"username":"<token>","password":"t"})", "identity:t"},
        Row{"RegistryToken", R"({"auth":"dXNlcjpwYXNz","registrytoken":"r"})", "registry:r"}}) {
    EXPECT_EQ(Look(std::string(R"({"auths":{"r.example":)") + row.entry + "}}", "r.example", "a"), row.found)
        << row.name;
  }
}

TEST(AuthFile, SkipsAnUnusableEntryAndNamesItsKeyOnly) {
  struct Row {
    const char* name;
    const char* entry;
    const char* says;
  };
  for (const Row& row :
       {Row{"NoColon", R"({"auth":"SFVTSEhVU0g="})", "no colon"}, Row{"NoBase64", R"({"auth":"HUSH$"})", "base64"},
        Row{"NoPassword", R"({"username":"HUSH"})", "no password"},
        Row{"EmptyPassword", R"({"auth":"SFVTSDo="})", "no password"},
        Row{"Type", R"({"auth":{"HUSH":1}})", "'auth' is no string"}, Row{"Entry", R"("HUSH")", "no object"}}) {
    SCOPED_TRACE(row.name);
    Scene scene;
    scene.options.auth_files = {
        scene.Write("config.json", std::string(R"({"auths":{"u:HUSH@r.example":)") + row.entry +
                                       R"(,"other.example":{"username":"u","password":"p"}}})")};
    ASSERT_EQ(scene.Open(), "");
    EXPECT_EQ(scene.Find("r.example", "a"), "none");
    EXPECT_EQ(scene.Find("other.example", "a"), "u:p");
    ASSERT_EQ(scene.warnings->size(), 1U);
    EXPECT_THAT(scene.warnings->front(), AllOf(HasSubstr(scene.Path("config.json")), HasSubstr("'r.example'"),
                                               HasSubstr(row.says), Not(HasSubstr("HUSH")), Not(HasSubstr("SFVTSE"))));
  }
}

TEST(AuthFile, SaysOnceWhatItSkips) {
  Scene scene;
  scene.options.auth_files = {scene.Write("config.json", R"({"auths":{"r.example":7}})")};
  ASSERT_EQ(scene.Open(), "");
  scene.Write("config.json", R"({"auths":{"r.example":7,"s.example":{"username":"u","password":"p"}}})");
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("s.example", "a"), "u:p");
  EXPECT_EQ(scene.warnings->size(), 1U);
}

TEST(AuthFile, MatchesWholeSegmentsLongestFirst) {
  const std::string text = ConfigWith(
      {{"r.example", "host"}, {"r.example/team", "team"}, {"r.example/team/app", "app"}, {"r.example:5000", "port"}});
  EXPECT_EQ(Look(text, "r.example", "team/app"), "app:pw");
  EXPECT_EQ(Look(text, "r.example", "team/app2"), "team:pw");
  EXPECT_EQ(Look(text, "r.example", "team/app/sub"), "app:pw");
  EXPECT_EQ(Look(text, "r.example", "teams/app"), "host:pw");
  EXPECT_EQ(Look(text, "r.example:5000", "team/app"), "port:pw");
  EXPECT_EQ(Look(text, "r.example:443", "team/app"), "none");
  EXPECT_EQ(Look(text, "other.example", "team/app"), "none");
  EXPECT_EQ(Look(ConfigWith({{"r.example/team", "team"}}), "r.example", "x"), "none");
}

TEST(AuthFile, TakesDockerHubsNamesForOne) {
  for (const char* key : {"https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"}) {
    EXPECT_EQ(Look(ConfigWith({{key, "hub"}}), "registry-1.docker.io", "library/nginx"), "hub:pw") << key;
    EXPECT_EQ(Look(ConfigWith({{key, "hub"}}), "docker.io", "library/nginx"), "hub:pw") << key;
  }
  EXPECT_EQ(Look(ConfigWith({{"docker.io/team", "team"}, {"docker.io", "hub"}}), "registry-1.docker.io", "team/app"),
            "team:pw");
}

TEST(AuthFile, PrefersTheKeyWrittenPlainly) {
  EXPECT_EQ(Look(ConfigWith({{"https://r.example", "url"}, {"r.example", "plain"}}), "r.example", "a"), "plain:pw");
  EXPECT_EQ(Look(ConfigWith({{"r.example", "plain"}, {"https://r.example", "url"}}), "r.example", "a"), "plain:pw");
}

/// The docker CLI's cases: what it would use, and what this rule gives.
TEST(AuthFile, FollowsTheDockerKeyVectors) {
  std::ifstream file(TAGDRIFT_TEST_DATA "/credentials/docker_keys.json");
  const auto vectors = nlohmann::json::parse(file, nullptr, false);
  ASSERT_EQ(vectors.size(), 11U);
  for (const auto& vector : vectors) {
    std::vector<std::pair<std::string, std::string>> entries;
    for (const auto& key : vector["keys"]) entries.emplace_back(key, key);
    std::string expected = vector["ours"].empty() ? "none" : vector["ours"][0].get<std::string>() + ":pw";
    EXPECT_EQ(Look(ConfigWith(entries), vector["address"], "app"), expected) << vector["name"];
    EXPECT_EQ(vector["ours"] != vector["docker_cli"], vector.contains("differs")) << vector["name"];
  }
}

TEST(AuthFile, ReadsABareMap) {
  EXPECT_EQ(Look(R"({"r.example":{"auth":"dXNlcjpwYXNz"}})", "r.example", "a"), "user:pass");
  EXPECT_EQ(Look(R"({"auths":{},"r.example":{"auth":"dXNlcjpwYXNz"}})", "r.example", "a"), "none");
  EXPECT_EQ(Look(R"({"proxies":{"default":{"httpProxy":"x"}}})", "proxies", "a"), "none");
}

TEST(AuthFile, HasNothingWithoutAuths) {
  EXPECT_EQ(Look("{}", "r.example", "a"), "none");
  EXPECT_EQ(Look(R"({"auths":null})", "r.example", "a"), "none");
}

TEST(AuthFile, SaysWhatIsWrongWithTheFile) {
  EXPECT_THAT(Look("HUSH{", "r.example", "a"),
              AllOf(HasSubstr("config.json"), HasSubstr("not valid JSON"), Not(HasSubstr("HUSH"))));
  EXPECT_THAT(Look("[]", "r.example", "a"), HasSubstr("not a JSON object"));
  EXPECT_THAT(Look(R"({"auths":[]})", "r.example", "a"), HasSubstr("'auths' is no object"));
  EXPECT_THAT(Look(R"({"credHelpers":[]})", "r.example", "a"), HasSubstr("'credHelpers' is no object"));
  EXPECT_THAT(Look(R"({"credsStore":[]})", "r.example", "a"), HasSubstr("'credsStore' is no string"));
  EXPECT_THAT(Look(std::string(500'000, '['), "r.example", "a"), HasSubstr("not valid JSON"));
  EXPECT_EQ(Look(R"({"x":)" + std::string(200'000, '[') + std::string(200'000, ']') + "}", "r.example", "a"), "none");
  EXPECT_THAT(Look(std::string(1024 * 1024 + 1, ' '), "r.example", "a"), HasSubstr("larger than 1 MiB"));
  Scene scene;
  for (const char* path : {"/no/such/file", "/"}) {
    scene.options.auth_files = {path};
    EXPECT_THAT(scene.Open(), HasSubstr(std::string("auth file ") + path));
  }
}

TEST(AuthFile, IsReadAgainWhenItChanges) {
  Scene scene;
  scene.options.auth_files = {scene.Write("config.json", ConfigWith({{"r.example", "old"}}))};
  ASSERT_EQ(scene.Open(), "");
  scene.Write("config.json", ConfigWith({{"r.example", "new"}}));
  EXPECT_EQ(scene.Find("r.example", "a"), "old:pw") << "looked at more than once a second";
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("r.example", "a"), "new:pw");
}

/// A projected secret is changed by pointing `..data` at another folder.
TEST(AuthFile, IsReadAgainWhenALinkOnItsWayMoves) {
  Scene scene;
  scene.Write("one/config.json", ConfigWith({{"r.example", "old"}}));
  scene.Write("two/config.json", ConfigWith({{"r.example", "new"}}));
  std::filesystem::create_symlink("one", scene.Path("..data"));
  std::filesystem::create_symlink("..data/config.json", scene.Path("config.json"));
  scene.options.auth_files = {scene.Path("config.json")};
  ASSERT_EQ(scene.Open(), "");
  std::filesystem::create_symlink("two", scene.Path("..data_tmp"));
  std::filesystem::rename(scene.Path("..data_tmp"), scene.Path("..data"));
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("r.example", "a"), "new:pw");
}

TEST(AuthFile, KeepsWhatItSaidWhenItBreaks) {
  Scene scene;
  scene.options.auth_files = {scene.Write("config.json", ConfigWith({{"r.example", "old"}}))};
  ASSERT_EQ(scene.Open(), "");
  scene.Write("config.json", "HUSH{");
  for (int i = 0; i < 3; ++i) {
    scene.Pass(std::chrono::seconds(1));
    EXPECT_EQ(scene.Find("r.example", "a"), "old:pw");
  }
  EXPECT_THAT(*scene.warnings, ElementsAre(AllOf(HasSubstr(scene.Path("config.json")), HasSubstr("not valid JSON"),
                                                 HasSubstr("stays in use"), Not(HasSubstr("HUSH")))));
  std::filesystem::remove(scene.Path("config.json"));
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("r.example", "a"), "old:pw");
  scene.Write("config.json", ConfigWith({{"r.example", "mended"}}));
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("r.example", "a"), "mended:pw");
}

}  // namespace
}  // namespace tagdrift::credentials
