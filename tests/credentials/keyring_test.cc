#include "credentials/kubelet/keyring.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace tagdrift::credentials {
namespace {

std::vector<std::string> Tried(const std::vector<std::string>& keys, const std::string& image) {
  Keyring keyring;
  for (const std::string& key : keys) keyring.Add(key, {key, "pw", {}, {}});
  std::vector<std::string> tried;
  for (const registry::Credential& credential : keyring.Find(image)) tried.push_back(credential.username);
  return tried;
}

using Names = std::vector<std::string>;

TEST(Keyring, FollowsTheVectors) {
  std::ifstream file(TAGDRIFT_TEST_DATA "/credentials/keyring.json");
  const auto vectors = nlohmann::json::parse(file, nullptr, false);
  ASSERT_EQ(vectors.size(), 27U);
  for (const auto& vector : vectors) {
    EXPECT_EQ(Tried(vector["keys"].get<Names>(), vector["repository"]), vector["tried"].get<Names>())
        << vector["name"] << ": " << vector["why"];
  }
}

TEST(Keyring, ReadsKeysAsUrls) {
  struct Row {
    const char* name;
    const char* key;
    const char* image;
    bool matches;
  };
  for (const Row& row :
       {Row{"User", "https://user:pw@r.example/team", "r.example/team/app", true},
        Row{"Query", "r.example/team?x=y", "r.example/team/app", true},
        Row{"Fragment", "r.example#x", "r.example/app", true}, Row{"EmptyPort", "r.example:", "r.example/app", true},
        Row{"EscapedPath", "r.example/te%61m", "r.example/team/app", true},
        Row{"BadEscape", "r.example/te%6", "r.example/te", false},
        Row{"PortIsNoPattern", "r.example:*", "r.example:5000/app", false},
        Row{"PortIsNoName", "r.example:http", "r.example/app", false},
        Row{"Blank", "r.example /x", "r.example/x", false}, Row{"Control", "r.example/\x01", "r.example/app", false},
        Row{"Class", "r[0-9].example", "r7.example/app", true},
        Row{"ClassNegated", "r[^0-9].example", "r7.example/app", false},
        Row{"ClassOpen", "r[0-9.example", "r7.example/app", false}, Row{"Empty", "", "r.example/app", false},
        Row{"OnlyScheme", "https://", "r.example/app", false}, Row{"Path", "/team", "r.example/team", false}}) {
    EXPECT_EQ(!Tried({row.key}, row.image).empty(), row.matches) << row.name;
  }
}

TEST(Keyring, KeepsDockerHubsCredentialsForDockerHub) {
  EXPECT_EQ(Tried({"https://index.docker.io/v1/"}, "index.docker.io/app").size(), 1U);
  EXPECT_TRUE(Tried({"https://index.docker.io/v1/"}, "localhost/app").empty());
  EXPECT_TRUE(Tried({"https://index.docker.io/v1/"}, "registry/app").empty());
  EXPECT_TRUE(Tried({"https://index.docker.io/v1/"}, "docker.io.evil.example/app").empty());
}

TEST(Keyring, NamesImagesAsTheKubeletDoes) {
  EXPECT_EQ(ImageName("registry-1.docker.io", "library/nginx"), "docker.io/library/nginx");
  EXPECT_EQ(ImageName("r.example:5000", "app"), "r.example:5000/app");
}

TEST(LabelMatches, ReadsShellPatterns) {
  struct Row {
    const char* pattern;
    const char* label;
    bool matches;
  };
  for (const Row& row : {Row{"", "", true},          Row{"*", "", true},
                         Row{"*", "abc", true},      Row{"a*c", "abbc", true},
                         Row{"a*c", "abb", false},   Row{"a*b*c", "aXbXbc", true},
                         Row{"**a", "ba", true},     Row{"?", "", false},
                         Row{"?b", "ab", true},      Row{"[a-c]x", "bx", true},
                         Row{"[a-c]x", "dx", false}, Row{"[^a]", "b", true},
                         Row{"[!a]", "a", true},     Row{"[]a]", "]", false},
                         Row{"[-]", "-", false},     Row{"[\\]]", "]", true},
                         Row{"[a", "a", false},      Row{"\\*", "*", true},
                         Row{"\\*", "a", false},     Row{"a\\", "a", false},
                         Row{"*[a-]", "a", false},   Row{"*a[b]c*d", "xxabcxxd", true}}) {
    EXPECT_EQ(LabelMatches(row.pattern, row.label), row.matches) << row.pattern << " " << row.label;
  }
}

/// A pattern with many stars takes no time that grows with their number.
TEST(LabelMatches, IsQuickWithManyStars) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  EXPECT_FALSE(LabelMatches(pattern + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace tagdrift::credentials
