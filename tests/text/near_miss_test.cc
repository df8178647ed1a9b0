#include "tagdrift/text/near_miss.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace tagdrift::text {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"capabilities", "skip_verify", "ca"};

TEST(NearMiss, FindsTheNameTwoLettersAway) {
  EXPECT_EQ(NearMiss("capabilties", kNames), "capabilities");
  EXPECT_EQ(NearMiss("Skip-Verify", kNames), "skip_verify");
}

TEST(NearMiss, FindsNothingForAnotherWord) {
  for (const std::string& typed : {std::string("weight"), std::string(), std::string("c"), std::string(65, 'a')}) {
    EXPECT_EQ(NearMiss(typed, kNames), "") << typed;
  }
}

TEST(NearMiss, TreatsDashAndUnderscoreAlikeInBoth) {
  constexpr std::array<std::string_view, 1> kOption = {"all-hosts"};
  EXPECT_EQ(NearMiss("all_hosts", kOption), "all-hosts");
}

}  // namespace
}  // namespace tagdrift::text
