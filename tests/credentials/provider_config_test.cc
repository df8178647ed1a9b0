#include "credentials/kubelet/provider_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "credentials/kubelet/provider_yaml.h"
#include "scene.h"

namespace tagdrift::credentials {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kHead[] = "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\n";

/// A provider with this in place of one of its lines.
std::string WithLine(const std::string& field, const std::string& line) {
  std::string text = std::string(kHead) + "providers:\n- name: ecr\n";
  for (const std::string& own : {std::string("matchImages: [\"*.example\"]"), std::string("defaultCacheDuration: 12h"),
                                 std::string("apiVersion: credentialprovider.kubelet.k8s.io/v1")}) {
    if (!own.starts_with(field + ":")) text += "  " + own + "\n";
  }
  return line.empty() ? text : text + "  " + line + "\n";
}

TEST(ProviderConfig, IsReadWhole) {
  const auto providers = ParseProviderConfig(std::string(kHead) + R"(providers:
  - name: ecr-credential-provider
    matchImages: ["*.dkr.ecr.*.amazonaws.com", "registry.io:8080/path"]
    defaultCacheDuration: 12h
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    args: ["get-credentials", "-v"]
    env: [{name: AWS_PROFILE, value: x}]
  - name: tokens
    matchImages: ["r.example"]
    defaultCacheDuration: "0s"
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    tokenAttributes:
      serviceAccountTokenAudience: a
      requireServiceAccount: true
      cacheType: Token
)");
  ASSERT_TRUE(providers.ok()) << providers.status();
  ASSERT_EQ(providers->size(), 2U);
  const Provider& ecr = (*providers)[0];
  EXPECT_EQ(ecr.name, "ecr-credential-provider");
  EXPECT_EQ(ecr.match_images.size(), 2U);
  EXPECT_EQ(ecr.default_cache_duration, absl::Hours(12));
  EXPECT_EQ(ecr.api_version, "credentialprovider.kubelet.k8s.io/v1");
  EXPECT_THAT(ecr.args, testing::ElementsAre("get-credentials", "-v"));
  EXPECT_THAT(ecr.env, testing::ElementsAre(std::pair<std::string, std::string>("AWS_PROFILE", "x")));
  EXPECT_FALSE(ecr.needs_service_account);
  EXPECT_TRUE((*providers)[1].needs_service_account);
}

TEST(ProviderConfig, IsReadAsJsonToo) {
  const auto providers = ParseProviderConfig(
      R"({"apiVersion":"kubelet.config.k8s.io/v1beta1","kind":"CredentialProviderConfig","providers":[{"name":"p",
          "matchImages":["r"],"defaultCacheDuration":"10m","apiVersion":"credentialprovider.kubelet.k8s.io/v1alpha1"}]})");
  ASSERT_TRUE(providers.ok()) << providers.status();
  EXPECT_EQ(providers->at(0).default_cache_duration, absl::Minutes(10));
}

TEST(ProviderConfig, IsReadStrictly) {
  ASSERT_TRUE(ParseProviderConfig(WithLine("", "")).ok());
  struct Row {
    const char* name;
    std::string text;
    const char* says;
  };
  for (const Row& row :
       {Row{"NoYaml", "{", "not valid YAML"},
        Row{"Empty", "", "no mapping"},
        Row{"List", "[]", "no mapping"},
        Row{"Version", "apiVersion: v1\nkind: CredentialProviderConfig\nproviders: []", "kubelet.config.k8s.io"},
        Row{"Kind", "apiVersion: kubelet.config.k8s.io/v1\nkind: Other\nproviders: []", "'kind'"},
        Row{"NoProviders", kHead, "one of 'providers'"},
        Row{"ProvidersType", std::string(kHead) + "providers: x", "list"},
        Row{"UnknownField", std::string(kHead) + "provider: []", "unknown field 'provider'"},
        Row{"UnknownInProvider", WithLine("", "matchImage: []"), "provider 'ecr' has the unknown field 'matchImage'"},
        Row{"Twice", WithLine("", "defaultCacheDuration: 1h"), "'defaultCacheDuration' twice"},
        Row{"NoImages", WithLine("matchImages", ""), "one of 'matchImages'"},
        Row{"BadImage", WithLine("matchImages", "matchImages: [\"r:x\"]"), "'r:x'"},
        Row{"NoDuration", WithLine("defaultCacheDuration", ""), "needs 'defaultCacheDuration'"},
        Row{"BadDuration", WithLine("defaultCacheDuration", "defaultCacheDuration: soon"), "no duration"},
        Row{"NegativeDuration", WithLine("defaultCacheDuration", "defaultCacheDuration: -1h"), "no duration"},
        Row{"EndlessDuration", WithLine("defaultCacheDuration", "defaultCacheDuration: inf"), "no duration"},
        Row{"ProviderVersion", WithLine("apiVersion", "apiVersion: credentialprovider.kubelet.k8s.io/v2"), "v1beta1"},
        Row{"NoProviderVersion", WithLine("apiVersion", ""), "'apiVersion'"},
        Row{"Name", std::string(kHead) + "providers: [{name: a/b}]", "provider 'a/b' needs a 'name'"},
        Row{"NoName", std::string(kHead) + "providers: [{}]", "provider 1 needs a 'name'"},
        Row{"DotDot", std::string(kHead) + "providers: [{name: ..}]", "needs a 'name'"},
        Row{"Args", WithLine("", "args: get"), "list in 'args'"},
        Row{"Env", WithLine("", "env: [{value: x}]"), "'env'"},
        Row{"EnvField", WithLine("", "env: [{name: x, from: y}]"), "unknown field 'from'"},
        Row{"TokenAttributes", WithLine("", "tokenAttributes: {cacheType: Token}"), "serviceAccountTokenAudience"}}) {
    const auto providers = ParseProviderConfig(row.text);
    ASSERT_FALSE(providers.ok()) << row.name;
    EXPECT_THAT(std::string(providers.status().message()), HasSubstr(row.says)) << row.name;
  }
}

TEST(ProviderConfig, IsBoundedInDepth) {
  EXPECT_FALSE(ParseProviderConfig(std::string(500'000, '[')).ok());
  EXPECT_FALSE(ParseProviderConfig(std::string(500'000, '{')).ok());
}

TEST(ProviderConfig, IsMergedFromADirectoryByName) {
  Scene scene;
  const std::string second = WithLine("", "");
  std::string first = second;
  first.replace(first.find("ecr"), 3, "gcr");
  scene.Write("providers/2.yaml", second);
  scene.Write("providers/1.yml", first);
  scene.Write("providers/readme.txt", "not read");
  const auto providers = ReadProviderConfig(scene.Path("providers"));
  ASSERT_TRUE(providers.ok()) << providers.status();
  ASSERT_EQ(providers->size(), 2U);
  EXPECT_EQ((*providers)[0].name, "gcr");
  scene.Write("providers/3.json", second);
  EXPECT_THAT(std::string(ReadProviderConfig(scene.Path("providers")).status().message()),
              AllOf(HasSubstr("providers/3.json"), HasSubstr("'ecr' is there twice")));
}

TEST(ProviderConfig, IsNamedWhenItCannotBeUsed) {
  Scene scene;
  scene.WriteProgram("bin/ecr");
  scene.Write("bin/plain", "");
  const std::string good = scene.Write("good.yaml", WithLine("", ""));
  const std::string other = WithLine("", "");
  struct Row {
    const char* name;
    std::string config;
    std::string bin_dir;
    std::string says;
  };
  std::string plain = other;
  plain.replace(plain.find("ecr"), 3, "plain");
  std::string missing = other;
  missing.replace(missing.find("ecr"), 3, "missing");
  for (const Row& row :
       {Row{"NoBinDir", good, "", "needs --image-credential-provider-bin-dir"},
        Row{"NoConfig", "", scene.Path("bin"), "needs --image-credential-provider-config"},
        Row{"BinDirMissing", good, scene.Path("nowhere"), scene.Path("nowhere")},
        Row{"ConfigMissing", scene.Path("none.yaml"), scene.Path("bin"), scene.Path("none.yaml")},
        Row{"EmptyFolder", scene.Path("bin"), scene.Path("bin"), "no .json, .yaml or .yml"},
        Row{"Broken", scene.Write("bad.yaml", "{"), scene.Path("bin"), scene.Path("bad.yaml")},
        Row{"ProgramMissing", scene.Write("m.yaml", missing), scene.Path("bin"), scene.Path("bin/missing")},
        Row{"NotExecutable", scene.Write("p.yaml", plain), scene.Path("bin"), "not an executable file"}}) {
    scene.options.provider_config = row.config;
    scene.options.provider_bin_dir = row.bin_dir;
    EXPECT_THAT(scene.Open(), HasSubstr(row.says)) << row.name;
  }
  scene.options.provider_config = good;
  scene.options.provider_bin_dir = scene.Path("bin");
  EXPECT_EQ(scene.Open(), "");
}

}  // namespace
}  // namespace tagdrift::credentials
