#include <gtest/gtest.h>

#include "world.h"

namespace tagdrift::judge {
namespace {

using nlohmann::json;

bool SaysGood(const TagResult& result) {
  return result.verdict == Verdict::kFresh || result.verdict == Verdict::kEquivalent;
}

// What the tag points to is here and is no image, whatever anybody answers.
bool IsProvenHere(const TagResult& result) { return result.cause == Cause::kNotAnImage; }

// In every world of the table: with the origin's answer withheld, nothing is fresh, stale or gone.
TEST(Unknown, IsNeverFreshWhenTheOriginIsSilent) {
  const json table = ReadTable("verdicts.json");
  for (json row : table.at("rows")) {
    if (row.at("hosts").empty()) continue;
    SCOPED_TRACE(row.at("name").get<std::string>());
    row["hosts"].back()["tag"] = {{"failure", "timeout"}};
    row["hosts"].back().erase("tag_later");
    World world(table.at("images"), row);
    const TagResult result = world.Judge();
    EXPECT_FALSE(SaysGood(result));
    EXPECT_TRUE(result.verdict != Verdict::kStale || IsProvenHere(result));
    EXPECT_NE(result.verdict, Verdict::kGone);
  }
}

TEST(Unknown, IsNotJudgedBeforeAnythingWasAsked) {
  const json table = ReadTable("verdicts.json");
  for (const json& row : table.at("rows")) {
    SCOPED_TRACE(row.at("name").get<std::string>());
    const World world(table.at("images"), row);
    const TagResult result = JudgeTag(world.tag, world.route, world.context);
    EXPECT_TRUE(result.verdict == Verdict::kUndecided || result.verdict == Verdict::kLocal ||
                result.verdict == Verdict::kImmutable || IsProvenHere(result));
  }
}

// Whatever single answer is withheld: a verdict may become undecided, but never fresh or equivalent where it was not.
TEST(Unknown, DoesNotTurnIntoFreshWhenOneAnswerIsWithheld) {
  const json table = ReadTable("verdicts.json");
  for (const json& row : table.at("rows")) {
    SCOPED_TRACE(row.at("name").get<std::string>());
    World world(table.at("images"), row);
    const TagResult whole = world.Judge();
    for (const auto& [ask, answer] : world.tag.answers) {
      TagFacts less = world.tag;
      less.answers.erase(ask);
      if (ask.digest) less.fetched.erase(*ask.digest);
      const TagResult result = JudgeTag(less, world.route, world.context);
      EXPECT_TRUE(!SaysGood(result) || SaysGood(whole));
      EXPECT_TRUE(result.verdict != Verdict::kStale || whole.verdict == Verdict::kStale);
      EXPECT_TRUE(result.verdict != Verdict::kGone || whole.verdict == Verdict::kGone);
    }
  }
}

TEST(Missing, EndsEmptyInEveryWorld) {
  const json table = ReadTable("verdicts.json");
  for (const json& row : table.at("rows")) {
    SCOPED_TRACE(row.at("name").get<std::string>());
    World world(table.at("images"), row);
    world.Judge();
    EXPECT_TRUE(Missing(world.tag, world.route, world.context).empty());
  }
}

}  // namespace
}  // namespace tagdrift::judge
