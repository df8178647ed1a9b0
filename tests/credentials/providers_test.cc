#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scene.h"

namespace tagdrift::credentials {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kVersion[] = "credentialprovider.kubelet.k8s.io/v1";

json Provider(const std::string& name, const std::vector<std::string>& images) {
  return {{"name", name}, {"matchImages", images}, {"defaultCacheDuration", "10m"}, {"apiVersion", kVersion}};
}

json Auth(const std::string& user) { return {{"username", user}, {"password", "pw"}}; }

std::string Response(const json& fields) {
  json response = {{"kind", "CredentialProviderResponse"}, {"apiVersion", kVersion}, {"cacheKeyType", "Image"}};
  response.update(fields);
  return response.dump();
}

/// A scene with these providers, each with its program.
class Provided : public Scene {
 public:
  explicit Provided(const json& first, const json& second = nullptr) {
    std::vector<json> providers = {first};
    if (!second.is_null()) providers.push_back(second);
    const json config = {
        {"apiVersion", "kubelet.config.k8s.io/v1"}, {"kind", "CredentialProviderConfig"}, {"providers", providers}};
    options.provider_config = Write("providers.json", config.dump());
    options.provider_bin_dir = Path("bin");
    for (const json& provider : providers) WriteProgram("bin/" + provider["name"].get<std::string>());
  }

  void Answer(const json& fields) {
    programs->Will([text = Response(fields)](const Command&) { return Ending{0, text, ""}; });
  }
};

TEST(Providers, AreAskedAsTheKubeletAsks) {
  json provider = Provider("ecr", {"*.example"});
  provider["args"] = {"get-credentials"};
  provider["env"] = {{{"name", "AWS_PROFILE"}, {"value", "x"}}, {{"name", "PATH"}, {"value", "/other"}}};
  Provided scene(provider);
  scene.options.environment["OWN"] = "kept";
  scene.Answer({{"auth", {{"r.example", Auth("u")}}}});
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "team/app"), "u:pw");
  EXPECT_EQ(scene.Find("r.other", "team/app"), "none");
  ASSERT_EQ(scene.programs->calls().size(), 1U);
  const Command call = scene.programs->calls()[0];
  EXPECT_THAT(call.arguments, ElementsAre(scene.Path("bin/ecr"), "get-credentials"));
  EXPECT_THAT(call.environment, testing::UnorderedElementsAre("OWN=kept", "AWS_PROFILE=x", "PATH=/other"));
  EXPECT_EQ(json::parse(call.input),
            (json{{"kind", "CredentialProviderRequest"}, {"apiVersion", kVersion}, {"image", "r.example/team/app"}}));
  EXPECT_EQ(call.limit, absl::Seconds(60));
}

TEST(Providers, AreAskedForDockerHubByItsName) {
  Provided scene(Provider("hub", {"docker.io"}));
  scene.Answer({{"auth", {{"docker.io", Auth("u")}}}});
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("registry-1.docker.io", "library/nginx"), "u:pw");
  EXPECT_EQ(json::parse(scene.programs->calls().at(0).input)["image"], "docker.io/library/nginx");
}

TEST(Providers, FormOneKeyring) {
  Provided scene(Provider("one", {"r.example"}), Provider("two", {"*.example"}));
  scene.programs->Will([](const Command& command) {
    const bool one = command.arguments[0].ends_with("/one");
    const json auth = one ? json{{"r.example", Auth("one")}, {"other.example", Auth("x")}}
                          : json{{"r.example", Auth("two")}, {"r.example/team", Auth("team")}};
    return Ending{0, Response({{"auth", auth}}), ""};
  });
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "app"), "one:pw, two:pw");
  EXPECT_EQ(scene.Find("r.example", "team/app"), "team:pw, one:pw");
}

TEST(Providers, GiveNoCredentialWhoseKeyIsForAnotherHost) {
  Provided scene(Provider("one", {"r.example"}));
  scene.Answer({{"auth", {{"other.example", Auth("u")}, {"r.example:5000", Auth("v")}}}});
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "app"), "none");
}

TEST(Providers, AnswerForAnImageARegistryOrAll) {
  struct Row {
    const char* key;
    std::size_t runs;  ///< for two images of one registry and one of another
  };
  for (const Row& row : {Row{"Image", 3}, Row{"Registry", 2}, Row{"Global", 1}}) {
    Provided scene(Provider("one", {"*.example"}));
    scene.Answer({{"cacheKeyType", row.key}, {"auth", {{"*.example", Auth("u")}}}});
    ASSERT_EQ(scene.Open(), "");
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(scene.Find("r.example", "a"), "u:pw");
      EXPECT_EQ(scene.Find("r.example", "b"), "u:pw");
      EXPECT_EQ(scene.Find("s.example", "a"), "u:pw");
    }
    EXPECT_EQ(scene.programs->calls().size(), row.runs) << row.key;
  }
}

TEST(Providers, AnswerForAsLongAsTheySay) {
  struct Row {
    const char* name;
    json fields;
    std::chrono::minutes holds;
  };
  const json auth = {{"r.example", Auth("u")}};
  for (const Row& row : {Row{"Said", {{"auth", auth}, {"cacheDuration", "1h0m0s"}}, std::chrono::minutes(60)},
                         Row{"Default", {{"auth", auth}}, std::chrono::minutes(10)},
                         Row{"NullIsDefault", {{"auth", auth}, {"cacheDuration", nullptr}}, std::chrono::minutes(10)},
                         Row{"NotAtAll", {{"auth", auth}, {"cacheDuration", "0s"}}, std::chrono::minutes(0)},
                         Row{"Negative", {{"auth", auth}, {"cacheDuration", "-5s"}}, std::chrono::minutes(0)}}) {
    Provided scene(Provider("one", {"r.example"}));
    scene.Answer(row.fields);
    ASSERT_EQ(scene.Open(), "");
    EXPECT_EQ(scene.Find("r.example", "a"), "u:pw") << row.name;
    if (row.holds > std::chrono::minutes(0)) {
      scene.Pass(row.holds - std::chrono::seconds(1));
      EXPECT_EQ(scene.Find("r.example", "a"), "u:pw") << row.name;
      EXPECT_EQ(scene.programs->calls().size(), 1U) << row.name;
      scene.Pass(std::chrono::seconds(1));
    }
    EXPECT_EQ(scene.Find("r.example", "a"), "u:pw") << row.name;
    EXPECT_EQ(scene.programs->calls().size(), 2U) << row.name;
  }
}

TEST(Providers, MayHaveNothing) {
  for (const json& fields : {json{{"auth", nullptr}}, json::object(), json{{"auth", json::object()}}}) {
    Provided scene(Provider("one", {"r.example"}));
    scene.Answer(fields);
    ASSERT_EQ(scene.Open(), "");
    EXPECT_EQ(scene.Find("r.example", "a"), "none");
    EXPECT_EQ(scene.Find("r.example", "a"), "none");
    EXPECT_EQ(scene.programs->calls().size(), 1U);
  }
}

TEST(Providers, AreRefusedAsTheKubeletRefuses) {
  struct Row {
    const char* name;
    Ending ending;
    const char* says;
  };
  for (const Row& row :
       {Row{"NoJson", {0, "HUSH", ""}, "no JSON object"},
        Row{"Kind", {0, Response({{"kind", "Other"}}), ""}, "no CredentialProviderResponse"},
        Row{"Version", {0, Response({{"apiVersion", "credentialprovider.kubelet.k8s.io/v1beta1"}}), ""}, "apiVersion"},
        Row{"CacheKey", {0, Response({{"cacheKeyType", "Pod"}}), ""}, "cacheKeyType"},
        Row{"NoCacheKey", {0, Response({{"cacheKeyType", nullptr}}), ""}, "cacheKeyType"},
        Row{"Duration", {0, Response({{"cacheDuration", "soon"}}), ""}, "cacheDuration"},
        Row{"DurationType", {0, Response({{"cacheDuration", 7}}), ""}, "cacheDuration"},
        Row{"UnknownField", {0, Response({{"more", "HUSH"}}), ""}, "unknown field"},
        Row{"AuthType", {0, Response({{"auth", "HUSH"}}), ""}, "no object"},
        Row{"AuthEntry", {0, Response({{"auth", {{"r.example", "HUSH"}}}}), ""}, "username and password"},
        Row{"AuthField", {0, Response({{"auth", {{"r.example", {{"token", "HUSH"}}}}}}), ""}, "username and password"},
        Row{"Exit", {3, "HUSH", "first\nno role found\n"}, "exit code 3: no role found"}}) {
    Provided scene(Provider("one", {"r.example"}));
    scene.programs->Will([&row](const Command&) { return row.ending; });
    ASSERT_EQ(scene.Open(), "");
    EXPECT_THAT(scene.Find("r.example", "a"), AllOf(HasSubstr("error: credential provider one for r.example/a"),
                                                    HasSubstr(row.says), Not(HasSubstr("HUSH"))))
        << row.name;
  }
}

TEST(Providers, ThatFailAreLeftAloneForAMinute) {
  Provided scene(Provider("one", {"*.example"}));
  scene.programs->Will([](const Command&) { return Ending{1, "", ""}; });
  ASSERT_EQ(scene.Open(), "");
  for (int i = 0; i < 3; ++i) EXPECT_THAT(scene.Find("r.example", "a"), HasSubstr("error"));
  EXPECT_EQ(scene.programs->calls().size(), 1U);
  EXPECT_THAT(scene.Find("r.example", "b"), HasSubstr("error"));
  EXPECT_EQ(scene.programs->calls().size(), 2U);
  scene.Pass(std::chrono::minutes(1));
  scene.programs->Will([](const Command&) { return absl::DeadlineExceededError("did not end within 1m"); });
  EXPECT_THAT(scene.Find("r.example", "a"), HasSubstr("did not end within 1m"));
  EXPECT_THAT(scene.Find("s.example", "b"), HasSubstr("did not end within 1m"));
  EXPECT_EQ(scene.programs->calls().size(), 3U) << "one that hangs is not run for other images either";
}

TEST(Providers, ThatFailDoNotCountWhereAnotherHasCredentials) {
  Provided scene(Provider("bad", {"r.example"}), Provider("good", {"r.example"}));
  scene.programs->Will([](const Command& command) {
    if (command.arguments[0].ends_with("/bad")) return Ending{1, "", ""};
    return Ending{0, Response({{"auth", {{"r.example", Auth("u")}}}}), ""};
  });
  ASSERT_EQ(scene.Open(), "");
  EXPECT_EQ(scene.Find("r.example", "a"), "u:pw");
}

TEST(Providers, ThatNeedAServiceAccountAreNotRun) {
  json provider = Provider("tokens", {"r.example"});
  provider["tokenAttributes"] = {
      {"serviceAccountTokenAudience", "a"}, {"requireServiceAccount", true}, {"cacheType", "Token"}};
  Provided scene(provider);
  ASSERT_EQ(scene.Open(), "");
  EXPECT_THAT(scene.Find("r.example", "a"),
              AllOf(HasSubstr("error"), HasSubstr("tokens"), HasSubstr("service account")));
  EXPECT_EQ(scene.Find("s.example", "a"), "none");
  EXPECT_TRUE(scene.programs->calls().empty());
}

}  // namespace
}  // namespace tagdrift::credentials
