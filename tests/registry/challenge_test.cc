#include "registry/auth/challenge.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace tagdrift::registry {
namespace {

TEST(Challenge, ParsesTheVectors) {
  std::ifstream file(TAGDRIFT_TEST_DATA "/challenges.json");
  const auto vectors = nlohmann::json::parse(file, nullptr, false);
  ASSERT_EQ(vectors.size(), 30U);
  for (const auto& vector : vectors) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const auto challenges = ParseChallenges(vector["lines"].get<std::vector<std::string>>());
    std::vector<Challenge> expected;
    for (const auto& challenge : vector["challenges"]) {
      expected.push_back({.scheme = challenge["scheme"],
                          .parameters = challenge["parameters"].get<std::map<std::string, std::string>>(),
                          .token68 = challenge["token68"]});
    }
    EXPECT_EQ(challenges, expected);
    const Challenge* chosen = ChooseChallenge(challenges);
    EXPECT_EQ(chosen == nullptr ? "none" : chosen->scheme, vector["use"].get<std::string>());
  }
}

TEST(Challenge, IsBounded) {
  EXPECT_TRUE(ParseChallenges({"Bearer realm=\"" + std::string(9000, 'x') + "\""}).empty());
  EXPECT_EQ(ParseChallenges(std::vector<std::string>(40, "Basic")).size(), 16U);
  std::string schemes;
  for (int i = 0; i < 100; ++i) schemes += "Basic realm=x, ";
  EXPECT_EQ(ParseChallenges({schemes}).size(), 16U);
  std::string parameters = "Bearer realm=\"r\"";
  for (int i = 0; i < 100; ++i) parameters += ",p" + std::to_string(i) + "=v";
  EXPECT_EQ(ParseChallenges({parameters}).at(0).parameters.size(), 32U);
}

TEST(Challenge, KeepsWhatWasCompleteBeforeJunk) {
  const auto challenges = ParseChallenges({"Bearer realm=\"r\",\x01,service=\"s\""});
  ASSERT_EQ(challenges.size(), 1U);
  EXPECT_EQ(challenges[0].Parameter("realm"), "r");
  EXPECT_EQ(challenges[0].Parameter("service"), "");
}

}  // namespace
}  // namespace tagdrift::registry
