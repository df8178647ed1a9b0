#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "world.h"

namespace tagdrift::judge {
namespace {

using nlohmann::json;

template <class Enum>
std::string NameIn(const std::vector<const char*>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

std::string Name(Verdict verdict) {
  return NameIn({"fresh", "equivalent", "stale", "gone", "local", "immutable", "undecided"}, verdict);
}
std::string Name(Cause cause) {
  return NameIn(
      {"none", "node disagrees", "origin is mirror", "unauthorized", "rate limited", "origin unreachable", "bad answer",
       "ambiguous cache", "tag deleted", "wrong platform", "pull would fail", "stale mirror", "mirror differs",
       "tag moved", "forecast unknown", "mirror config ignored", "not an image", "not cached"},
      cause);
}
std::string Name(Outcome outcome) { return NameIn({"fresh", "equivalent", "stale", "fails", "undecided"}, outcome); }
std::string Name(HostState state) {
  return NameIn({"in sync", "equivalent", "behind", "different", "missing", "broken", "denied", "rate limited",
                 "unreachable", "bad answer", "not asked", "undecided"},
                state);
}
std::string Name(Credentials credentials) { return NameIn({"not needed", "assumed", "missing"}, credentials); }
std::string Name(Direction direction) { return NameIn({"older", "newer", "unknown"}, direction); }

/// What was judged, in the table's words; only the keys that the row expects.
json Describe(const World& world, const TagResult& result, const json& expected) {
  json all;
  all["verdict"] = Name(result.verdict);
  all["cause"] = Name(result.cause);
  all["next"] = Name(result.next_pull.pull.outcome);
  all["digest"] = world.NameOf(result.next_pull.pull.digest);
  all["from"] = world.HostOf(result.next_pull.pull.host);
  all["risk"] = result.downgrade_risk;
  all["credentials"] = Name(result.next_pull.credentials);
  all["anonymous"] = result.next_pull.if_anonymous ? Name(result.next_pull.if_anonymous->outcome) : "-";
  all["direction"] = Name(result.age.direction);
  all["tag_requests"] = world.tag_requests;
  all["states"] = json::array();
  all["refreshed"] = json::array();
  for (std::size_t i = 0; i < result.hosts.size(); ++i) {
    all["states"].push_back(Name(result.hosts[i].state));
    if (result.hosts[i].first_answer) all["refreshed"].push_back(world.HostOf(i));
  }
  json described;
  for (const auto& [key, value] : expected.items()) described[key] = all.at(key);
  return described;
}

TEST(VerdictTable, HasRows) { EXPECT_GT(ReadTable("verdicts.json").at("rows").size(), 70U); }

TEST(VerdictTable, GivesEveryRowItsVerdict) {
  const json table = ReadTable("verdicts.json");
  for (const json& row : table.at("rows")) {
    SCOPED_TRACE(row.at("name").get<std::string>());
    World world(table.at("images"), row);
    const TagResult result = world.Judge();
    EXPECT_EQ(Describe(world, result, row.at("expect")).dump(1), row.at("expect").dump(1))
        << result.reason << "\n"
        << result.next_pull.pull.detail;
  }
}

}  // namespace
}  // namespace tagdrift::judge
