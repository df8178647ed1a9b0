#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "scene.h"

namespace tagdrift::credentials {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kProviders[] = R"({"apiVersion":"kubelet.config.k8s.io/v1","kind":"CredentialProviderConfig",
  "providers":[{"name":"p","matchImages":["r.example"],"defaultCacheDuration":"1h",
                "apiVersion":"credentialprovider.kubelet.k8s.io/v1"}]})";

/// A scene that names one of each, none of which is there.
class Missing : public Scene {
 public:
  Missing() {
    options.auth_files = {Path("config.json")};
    options.pull_secrets = {Path("secrets")};
    options.provider_config = Path("providers.json");
    options.provider_bin_dir = Path("bin");
  }
};

TEST(Loading, IsNoPartOfMaking) {
  Missing scene;
  EXPECT_EQ(scene.Make(), "");
  EXPECT_THAT(*scene.warnings, IsEmpty());
}

TEST(Loading, IsNotReachedWithOptionsThatCannotBeMeant) {
  Scene scene;
  scene.options.provider_config = scene.Path("providers.json");
  EXPECT_THAT(scene.Make(), HasSubstr("needs --image-credential-provider-bin-dir"));
}

TEST(Loading, NamesWhatCannotBeReadAndTriesAgainAtOnce) {
  Missing scene;
  ASSERT_EQ(scene.Make(), "");
  EXPECT_THAT(scene.Load(), AllOf(HasSubstr("reading auth file"), HasSubstr(scene.Path("config.json"))));
  scene.Write("config.json", ConfigWith({{"r.example", "file"}}));
  EXPECT_THAT(scene.Load(), HasSubstr("reading pull secrets in " + scene.Path("secrets")));
  scene.Write("secrets/.dockerconfigjson", ConfigWith({{"r.example", "secret"}}));
  EXPECT_THAT(scene.Load(), HasSubstr(scene.Path("bin") + ": there is no such folder"));
  scene.WriteProgram("bin/p");
  EXPECT_THAT(scene.Load(), HasSubstr("reading credential providers from " + scene.Path("providers.json")));
  scene.Write("providers.json", kProviders);
  EXPECT_EQ(scene.Load(), "");
  EXPECT_EQ(scene.Find("r.example", "app"), "file:pw, secret:pw");
}

TEST(Loading, ReadsOnce) {
  Missing scene;
  scene.Write("config.json", ConfigWith({{"r.example", "file"}}));
  scene.Write("secrets/.dockerconfigjson", ConfigWith({{"r.example", "secret"}}));
  scene.WriteProgram("bin/p");
  scene.Write("providers.json", kProviders);
  ASSERT_EQ(scene.Open(), "");
  std::filesystem::remove_all(scene.Path("config.json"));
  std::filesystem::remove_all(scene.Path("secrets"));
  std::filesystem::remove_all(scene.Path("bin"));
  EXPECT_EQ(scene.Load(), "");
  EXPECT_THAT(*scene.warnings, IsEmpty());
}

TEST(Loading, IsDoneByTheFirstFind) {
  Scene scene;
  scene.options.auth_files = {scene.Write("config.json", ConfigWith({{"r.example", "file"}}))};
  ASSERT_EQ(scene.Make(), "");
  EXPECT_EQ(scene.Find("r.example", "app"), "file:pw");
}

/// Anonymous requests would mistake "not allowed" for "not there".
TEST(Loading, ThatFailsIsAnErrorOfFindWhereNoOtherSourceHasCredentials) {
  Missing scene;
  scene.Write("secrets/.dockerconfigjson", ConfigWith({{"s.example", "secret"}}));
  ASSERT_EQ(scene.Make(), "");
  EXPECT_THAT(scene.Find("r.example", "app"), AllOf(HasSubstr("error: reading auth file"), HasSubstr("config.json")));
  EXPECT_EQ(scene.Find("s.example", "app"), "secret:pw");
  scene.Write("config.json", ConfigWith({{"r.example", "file"}}));
  EXPECT_THAT(scene.Find("r.example", "app"), HasSubstr("error")) << "tried more than once a second";
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("r.example", "app"), "file:pw");
}

TEST(Loading, ReadsTheProvidersAgainWhenTheyChange) {
  Scene scene;
  scene.options.provider_config = scene.Write("providers.json", kProviders);
  scene.options.provider_bin_dir = scene.Path("bin");
  scene.WriteProgram("bin/p");
  scene.programs->Will([](const Command& command) {
    return Ending{0,
                  R"({"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1",
      "cacheKeyType":"Global","auth":{"r.example":{"username":")" +
                      std::filesystem::path(command.arguments[0]).filename().string() + R"(","password":"pw"}}})",
                  ""};
  });
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "app"), "p:pw");
  std::string other = kProviders;
  other.replace(other.find(R"("p")"), 3, R"("q")");
  scene.Write("providers.json", other);
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("r.example", "app"), "p:pw");
  EXPECT_THAT(*scene.warnings, testing::ElementsAre(AllOf(HasSubstr("bin/q"), HasSubstr("stays in use"))));
  scene.WriteProgram("bin/q");
  scene.Pass(std::chrono::seconds(1));
  EXPECT_EQ(scene.Find("r.example", "app"), "q:pw");
}

}  // namespace
}  // namespace tagdrift::credentials
