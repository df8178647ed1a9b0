#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "registry/base64.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::registry {
namespace {

using testing::HasSubstr;
using testing::Not;

class AuthFile : public testing::Test {
 protected:
  AuthFile() {
    std::string name = (std::filesystem::temp_directory_path() / "tagdrift-auth-XXXXXX").string();
    const int fd = mkstemp(name.data());
    if (fd >= 0) close(fd);
    path_ = name;
  }
  ~AuthFile() override { std::filesystem::remove(path_); }

  absl::StatusOr<std::unique_ptr<CredentialSource>> Read(const std::string& text) const {
    std::ofstream(path_) << text;
    return ReadAuthFile(path_);
  }

  /// "user:password" for the repository, or "none".
  std::string Look(const std::string& text, const std::string& host, const std::string& repository) const {
    const auto source = Read(text);
    if (!source.ok()) return std::string(source.status().message());
    const CredentialAnswer found = (*source)->Find(host, repository);
    return found.candidates.empty() ? "none" : found.candidates[0].username + ":" + found.candidates[0].password;
  }

  std::string path_;
};

std::string Auths(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string out;
  for (const auto& [key, user] : entries) {
    out += (out.empty() ? "\"" : ",\"") + key + R"(":{"auth":")" + Base64Encode(user + ":pw") + "\"}";
  }
  return R"({"auths":{)" + out + "}}";
}

TEST_F(AuthFile, DecodesAuth) {
  struct Row {
    const char* name;
    const char* entry;
    const char* found;
  };
  for (const Row& row : {Row{"Plain", R"({"auth":"dXNlcjpwYXNz"})", "user:pass"},
                         Row{"FirstColon", R"({"auth":"dXNlcjpwYTpzcw=="})", "user:pa:ss"},
                         Row{"NoPadding", R"({"auth":"dXNlcjpwYTpzcw"})", "user:pa:ss"},
                         Row{"Nul", R"({"auth":"dXNlcjpwYXNzAAA="})", "user:pass"},
                         Row{"Fields", R"({"username":"u","password":"p"})", "u:p"},
                         Row{"AuthWins", R"({"auth":"dXNlcjpwYXNz","username":"u","password":"p"})", "user:pass"},
                         Row{"Empty", "{}", "none"}, Row{"EmailOnly", R"({"email":"e"})", "none"},
                         Row{"IdentityBeside", R"({"auth":"dXNlcjpwYXNz","identitytoken":"t"})", "user:pass"}}) {
    EXPECT_EQ(Look(std::string(R"({"auths":{"r.example":)") + row.entry + "}}", "r.example", "a"), row.found)
        << row.name;
  }
}

TEST_F(AuthFile, NamesTheKeyButNoValueOfABadEntry) {
  struct Row {
    const char* name;
    std::string entry;
    const char* says;
  };
  for (const Row& row : {Row{"NoColon", R"({"auth":")" + Base64Encode("HUSHHUSH") + "\"}", "no colon"},
                         Row{"NoBase64", R"({"auth":"HUSH$"})", "base64"},
                         Row{"Identity", R"({"auth":")" + Base64Encode("<token>:") + R"(","identitytoken":"HUSH"})",
                             "identity tokens are not supported"},
                         Row{"IdentityOnly", R"({"identitytoken":"HUSH"})", "identity tokens are not supported"},
                         Row{"NoPassword", R"({"username":"HUSH"})", "no password"},
                         Row{"Type", R"({"auth":{"HUSH":1}})", "no string"}, Row{"Entry", R"("HUSH")", "no object"}}) {
    const auto source = Read(R"({"auths":{"u:HUSH@r.example":)" + row.entry + "}}");
    ASSERT_FALSE(source.ok()) << row.name;
    const std::string message(source.status().message());
    EXPECT_THAT(message, HasSubstr(path_)) << row.name;
    EXPECT_THAT(message, HasSubstr("'r.example'")) << row.name;
    EXPECT_THAT(message, HasSubstr(row.says)) << row.name;
    EXPECT_THAT(message, Not(HasSubstr("HUSH"))) << row.name;
    EXPECT_THAT(message, Not(HasSubstr("SFVTSE"))) << row.name;
  }
}

TEST_F(AuthFile, MatchesWholeSegmentsLongestFirst) {
  const std::string text = Auths(
      {{"r.example", "host"}, {"r.example/team", "team"}, {"r.example/team/app", "app"}, {"r.example:5000", "port"}});
  EXPECT_EQ(Look(text, "r.example", "team/app"), "app:pw");
  EXPECT_EQ(Look(text, "r.example", "team/app2"), "team:pw");
  EXPECT_EQ(Look(text, "r.example", "team/app/sub"), "app:pw");
  EXPECT_EQ(Look(text, "r.example", "teams/app"), "host:pw");
  EXPECT_EQ(Look(text, "r.example:5000", "team/app"), "port:pw");
  EXPECT_EQ(Look(text, "r.example:443", "team/app"), "none");
  EXPECT_EQ(Look(text, "other.example", "team/app"), "none");
  EXPECT_EQ(Look(Auths({{"r.example/team", "team"}}), "r.example", "x"), "none");
}

TEST_F(AuthFile, TakesDockerHubsNamesForOne) {
  for (const char* key : {"https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"}) {
    EXPECT_EQ(Look(Auths({{key, "hub"}}), "registry-1.docker.io", "library/nginx"), "hub:pw") << key;
    EXPECT_EQ(Look(Auths({{key, "hub"}}), "docker.io", "library/nginx"), "hub:pw") << key;
  }
  EXPECT_EQ(Look(Auths({{"docker.io/team", "team"}, {"docker.io", "hub"}}), "registry-1.docker.io", "team/app"),
            "team:pw");
}

TEST_F(AuthFile, TakesUrlsForTheirHost) {
  EXPECT_EQ(Look(Auths({{"https://r.example/v2/", "url"}}), "r.example", "a"), "url:pw");
  EXPECT_EQ(Look(Auths({{"http://r.example:5000", "url"}}), "r.example:5000", "a"), "url:pw");
  EXPECT_EQ(Look(Auths({{"https://r.example", "url"}, {"r.example", "plain"}}), "r.example", "a"), "plain:pw");
}

TEST_F(AuthFile, SaysWhatIsWrongWithTheFile) {
  EXPECT_THAT(std::string(Read("HUSH{").status().message()),
              testing::AllOf(HasSubstr(path_), HasSubstr("not valid JSON"), Not(HasSubstr("HUSH"))));
  EXPECT_THAT(std::string(Read("[]").status().message()), HasSubstr("not a JSON object"));
  EXPECT_THAT(std::string(Read(R"({"auths":[]})").status().message()), HasSubstr("'auths' is no object"));
  EXPECT_THAT(std::string(Read(std::string(1024 * 1024 + 1, ' ')).status().message()), HasSubstr("larger than 1 MiB"));
  EXPECT_THAT(std::string(ReadAuthFile("/no/such/file").status().message()), HasSubstr("/no/such/file"));
  EXPECT_THAT(std::string(ReadAuthFile("/").status().message()), HasSubstr("not a regular file"));
}

TEST_F(AuthFile, HasNothingWithoutAuths) {
  EXPECT_EQ(Look("{}", "r.example", "a"), "none");
  EXPECT_EQ(Look(R"({"auths":null})", "r.example", "a"), "none");
}

TEST(NoCredentials, FindsNothing) { EXPECT_TRUE(NoCredentials()->Find("r.example", "a").candidates.empty()); }

}  // namespace
}  // namespace tagdrift::registry
