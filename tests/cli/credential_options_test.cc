#include "credential_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "binary.h"

namespace tagdrift::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(CredentialOptions, ReadWhatIsShared) {
  const auto shared = ReadShared({"mirror.corp:5000=docker.io", "m=registry.corp:5000", "[fd00::1]:5000=quay.io"});
  ASSERT_TRUE(shared.ok()) << shared.status();
  EXPECT_THAT(*shared, ElementsAre(std::pair("mirror.corp:5000", "docker.io"), std::pair("m", "registry.corp:5000"),
                                   std::pair("[fd00::1]:5000", "quay.io")));
  for (const char* bad : {"", "mirror.corp", "=docker.io", "mirror.corp=", "https://m=docker.io", "m=quay.io/team",
                          "m=a=b", "xxxxx@m=quay.io"}) {
    const auto refused = ReadShared({bad});
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr(bad)) << bad;
  }
}

TEST(CredentialOptions, AreRefusedInOneLine) {
  struct Row {
    const char* name;
    const char* arguments;
    const char* says;
  };
  for (const Row& row : {Row{"Shared", "check --share-credentials https://m=quay.io", "mirror.corp:5000=docker.io"},
                         Row{"NoBinDir", "check --image-credential-provider-config /x.yaml", "bin-dir"},
                         Row{"NoConfig", "check --image-credential-provider-bin-dir /x", "provider-config"},
                         Row{"NoValue", "check --pull-secrets", "--pull-secrets"}}) {
    const Outcome outcome = RunBinary(std::string(row.arguments) + " 2>&1 >/dev/null");
    EXPECT_EQ(outcome.exit_code, 64) << row.name << outcome.text;
    EXPECT_THAT(outcome.text, AllOf(HasSubstr(row.says), testing::ContainsRegex("^[^\n]*\n$"))) << row.name;
  }
}

TEST(CredentialOptions, AreInHelpAndInTheOptionsFile) {
  EXPECT_THAT(RunBinary("check --help").text,
              AllOf(HasSubstr("Credentials:"), HasSubstr("--pull-secrets"), HasSubstr("--share-credentials")));
  const std::string file = testing::TempDir() + "tagdrift-credential-options.toml";
  std::ofstream(file)
      << "[check]\nruntime-endpoint = \"unix:///no/such.sock\"\n"
         "auth-file = [\"/a.json\", \"/b.json\"]\npull-secrets = [\"/secrets\"]\n"
         "image-credential-provider-config = \"/c.yaml\"\nimage-credential-provider-bin-dir = \"/bin\"\n"
         "share-credentials = [\"m=quay.io\", \"n=quay.io\"]\n";
  const Outcome outcome = RunBinary("check --config " + file + " 2>&1 >/dev/null");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.text, HasSubstr("/no/such.sock"));
}

std::unique_ptr<credentials::Sources> Open(const CredentialOptions& options) {
  auto read = ReadCredentialOptions(options, {});
  EXPECT_TRUE(read.ok()) << read.status();
  auto sources = credentials::Sources::Make(*std::move(read));
  EXPECT_TRUE(sources.ok()) << sources.status();
  const absl::Status loaded = (*sources)->Load({});
  EXPECT_TRUE(loaded.ok()) << loaded;
  return *std::move(sources);
}

TEST(CredentialOptions, OpenNothingWhereNothingIsNamed) {
  EXPECT_TRUE(Open({})->Find("r.example", "app", {}).candidates.empty());
}

TEST(CredentialOptions, OpenAllThatIsNamed) {
  const std::string folder = testing::TempDir() + "tagdrift-credentials";
  std::filesystem::create_directories(folder + "/secrets");
  std::ofstream(folder + "/a.json") << R"({"auths":{"a.example":{"username":"a","password":"p"}}})";
  std::ofstream(folder + "/b.json") << R"({"auths":{"b.example":{"username":"b","password":"p"}}})";
  std::ofstream(folder + "/secrets/.dockerconfigjson") << R"({"auths":{"s.example":{"username":"s","password":"p"}}})";
  const auto sources = Open({.auth_files = {folder + "/a.json", folder + "/b.json"},
                             .pull_secrets = {folder + "/secrets"},
                             .shared = {"m:5000=s.example"}});
  sources->UseEndpointAuths({{"own.example", {"own", "p", "", ""}}});
  for (const auto& [host, user] :
       {std::pair{"a.example", "a"}, std::pair{"b.example", "b"}, std::pair{"s.example", "s"}, std::pair{"m:5000", "s"},
        std::pair{"own.example", "own"}}) {
    const auto answer = sources->Find(host, "app", {});
    ASSERT_EQ(answer.candidates.size(), 1U) << host;
    EXPECT_EQ(answer.candidates[0].username, user);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tagdrift::cli
