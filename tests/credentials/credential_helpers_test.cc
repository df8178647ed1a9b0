#include "credentials/docker/credential_helpers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace tagdrift::credentials {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kAnswer[] = R"({"ServerURL":"x","Username":"u","Secret":"s"})";

/// A scene with one auth file and a helper "x" that answers so.
class Helped : public Scene {
 public:
  explicit Helped(const std::string& config, Ending ending = {0, kAnswer, ""}) {
    options.auth_files = {Write("config.json", config)};
    WriteProgram("bin/docker-credential-x");
    programs->Will([ending](const Command&) { return ending; });
    EXPECT_EQ(Open(), "");
  }
};

TEST(Helper, IsAskedForTheHost) {
  const Helped scene(R"({"credHelpers":{"r.example:5000":"x"}})");
  EXPECT_EQ(scene.Find("r.example:5000", "team/app"), "u:s");
  EXPECT_EQ(scene.Find("r.example", "team/app"), "none");
  ASSERT_EQ(scene.programs->calls().size(), 1U);
  const Command call = scene.programs->calls()[0];
  EXPECT_THAT(call.arguments, ElementsAre(scene.Path("bin/docker-credential-x"), "get"));
  EXPECT_EQ(call.input, "r.example:5000");
  EXPECT_EQ(call.limit, absl::Seconds(30));
  EXPECT_EQ(call.output_limit, 64U * 1024);
}

TEST(Helper, IsAskedForDockerHubByItsAddressOfOld) {
  for (const char* key : {"https://index.docker.io/v1/", "docker.io"}) {
    const Helped scene(R"({"credHelpers":{")" + std::string(key) + R"(":"x"}})");
    EXPECT_EQ(scene.Find("registry-1.docker.io", "library/nginx"), "u:s") << key;
    EXPECT_EQ(scene.programs->calls().at(0).input, "https://index.docker.io/v1/") << key;
  }
}

TEST(Helper, LeavesToAuthsWhatItDoesNotHave) {
  const std::string config =
      R"({"credsStore":"x","auths":{"r.example":{"username":"file","password":"p"},"s.example":{}}})";
  const Helped has_none(config, {1, "credentials not found in native keychain\n", ""});
  EXPECT_EQ(has_none.Find("r.example", "app"), "file:p");
  EXPECT_EQ(has_none.Find("s.example", "app"), "none");
  const Helped fails(config, {1, "locked", ""});
  EXPECT_EQ(fails.Find("r.example", "app"), "file:p");
  EXPECT_THAT(fails.Find("s.example", "app"), HasSubstr("error: credential helper docker-credential-x for s.example"));
}

TEST(Helper, ThatFailsDoesNotCountWhereAnotherSourceHasCredentials) {
  Scene scene;
  scene.options.auth_files = {scene.Write("1.json", R"({"credsStore":"missing"})"),
                              scene.Write("2.json", ConfigWith({{"r.example", "two"}}))};
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "app"), "two:pw");
  EXPECT_THAT(scene.Find("s.example", "app"),
              AllOf(HasSubstr("docker-credential-missing"), HasSubstr("no such program in PATH")));
}

TEST(Helper, FailsWithoutShowingWhatItWrote) {
  struct Row {
    const char* name;
    Ending ending;
    const char* says;
  };
  for (const Row& row :
       {Row{"Exit", {1, "HUSH", "HUSH"}, "exit code 1"}, Row{"NoJson", {0, "HUSH", ""}, "no JSON object"},
        Row{"NoSecret", {0, R"({"Username":"HUSH"})", ""}, "no secret"}}) {
    const Helped scene(R"({"credHelpers":{"r.example":"x"}})", row.ending);
    EXPECT_THAT(scene.Find("r.example", "app"), AllOf(HasSubstr("error"), HasSubstr(row.says), Not(HasSubstr("HUSH"))))
        << row.name;
  }
}

TEST(Helper, AnswersInAnyCaseAndWithNothing) {
  const Helped scene(R"({"credHelpers":{"r.example":"x"}})", {0, R"({"username":"u","SECRET":"s"})", ""});
  EXPECT_EQ(scene.Find("r.example", "app"), "u:s");
  const Helped nothing(R"({"credHelpers":{"r.example":"x"}})", {0, R"({"Username":"","Secret":""})", ""});
  EXPECT_EQ(nothing.Find("r.example", "app"), "none");
}

TEST(Helper, MustHaveAName) {
  for (const char* name : {"../x", "x/y", "a b", "x;y", ""}) {
    Scene scene;
    EXPECT_FALSE(Helpers(scene.options).Get(name, "r.example", {}).ok()) << name;
  }
}

TEST(Helper, IsRememberedForFiveMinutesAndItsFailureForOne) {
  const Helped scene(R"({"credHelpers":{"r.example":"x","s.example":"x"}})");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(scene.Find("r.example", "app" + std::to_string(i)), "u:s");
  EXPECT_EQ(scene.programs->calls().size(), 1U);
  scene.Pass(std::chrono::minutes(5));
  EXPECT_EQ(scene.Find("r.example", "app"), "u:s");
  EXPECT_EQ(scene.programs->calls().size(), 2U);

  scene.programs->Will([](const Command&) { return Ending{2, "", ""}; });
  for (int i = 0; i < 3; ++i) EXPECT_THAT(scene.Find("s.example", "app"), HasSubstr("error"));
  EXPECT_EQ(scene.programs->calls().size(), 3U);
  scene.Pass(std::chrono::minutes(1));
  EXPECT_THAT(scene.Find("s.example", "app"), HasSubstr("error"));
  EXPECT_EQ(scene.programs->calls().size(), 4U);
}

TEST(Helper, SeesALittleOfTheEnvironment) {
  EXPECT_THAT(HelperEnvironment({{"PATH", "/bin"},
                                 {"HOME", "/root"},
                                 {"AWS_REGION", "r"},
                                 {"GOOGLE_X", "g"},
                                 {"AZURE_X", "a"},
                                 {"CLOUDSDK_X", "c"},
                                 {"XDG_RUNTIME_DIR", "x"},
                                 {"DOCKER_CONFIG", "d"},
                                 {"LD_PRELOAD", "no"},
                                 {"MY_SECRET", "no"},
                                 {"NOTAWS_X", "no"}}),
              testing::UnorderedElementsAre("PATH=/bin", "HOME=/root", "AWS_REGION=r", "GOOGLE_X=g", "AZURE_X=a",
                                            "CLOUDSDK_X=c", "XDG_RUNTIME_DIR=x", "DOCKER_CONFIG=d"));
}

}  // namespace
}  // namespace tagdrift::credentials
