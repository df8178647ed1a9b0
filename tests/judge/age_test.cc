#include <gtest/gtest.h>

#include "world.h"

namespace tagdrift::judge {
namespace {

using nlohmann::json;

TagResult JudgeAt(const std::string& now, const std::string& old_created, const std::string& new_created) {
  World world({{"old", {{"created", old_created}}}, {"new", {{"created", new_created}}}},
              {{"cached", "old"},
               {"hosts", {{{"name", "origin"}, {"role", "default"}, {"tag", "new"}, {"has", {"old", "new"}}}}}});
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, now, &world.context.now, nullptr)) << now;
  return world.Judge();
}

TEST(Age, TellsTheDirection) {
  const TagResult older = JudgeAt("2026-03-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
  EXPECT_EQ(older.age.direction, Direction::kOlder);
  const TagResult newer = JudgeAt("2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z");
  EXPECT_EQ(newer.age.direction, Direction::kNewer);
}

TEST(Age, BelievesNoTimeMoreThanADayAhead) {
  const TagResult result = JudgeAt("2026-01-30T23:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
  EXPECT_EQ(result.verdict, Verdict::kStale);
  EXPECT_EQ(result.age.direction, Direction::kUnknown);
  EXPECT_FALSE(result.age.origin_created.has_value());
  EXPECT_TRUE(result.age.cached_created.has_value());
  const TagResult within = JudgeAt("2026-01-31T01:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
  EXPECT_EQ(within.age.direction, Direction::kOlder) << "clocks differ a little";
}

}  // namespace
}  // namespace tagdrift::judge
