#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "world.h"

namespace tagdrift::judge {
namespace {

using nlohmann::json;

std::string FixWords(const World& world, const Remedy& remedy) {
  const std::string place = remedy.file + ":" + std::to_string(remedy.line);
  switch (remedy.fix) {
    case Fix::kAsNoted:
      return "as noted at " + place;
    case Fix::kTakeResolve:
      return "take resolve from " + world.HostOf(remedy.host) + " at " + place;
    case Fix::kTrustCa:
      return "trust the CA of " + world.HostOf(remedy.host) + " at " + place;
  }
  return "";
}

std::string Words(const World& world, const Remedy& remedy) {
  switch (remedy.kind) {
    case RemedyKind::kNone:
      return "none";
    case RemedyKind::kPurgeMirror:
      return "purge " + world.HostOf(remedy.host);
    case RemedyKind::kFixHostsToml:
      return FixWords(world, remedy);
    case RemedyKind::kRefresh:
      return std::string("refresh") + (remedy.goes_back ? " back" : "") + (remedy.is_private ? " private" : "");
    case RemedyKind::kProvideCredentials:
      return "credentials for " + world.HostOf(remedy.host);
    case RemedyKind::kNameOrigin:
      return "compare with " + (remedy.host ? world.HostOf(remedy.host) : "the registry");
    case RemedyKind::kWait:
      return "wait";
    case RemedyKind::kRestartWorkload:
    case RemedyKind::kPinDigest:
    case RemedyKind::kSetPullPolicy:
      return "of a container";
  }
  return "";
}

TEST(RemedyTable, GivesEverySituationItsRemedies) {
  const json table = ReadTable("remedies.json");
  for (const json& row : table.at("rows")) {
    SCOPED_TRACE(row.at("name").get<std::string>());
    World world(table.at("images"), row);
    const TagResult result = world.Judge();
    json remedies = json::array();
    for (const Remedy& remedy : result.remedies) remedies.push_back(Words(world, remedy));
    EXPECT_EQ(remedies, row.at("remedies")) << result.reason << "; " << result.next_pull.pull.detail;
  }
}

}  // namespace
}  // namespace tagdrift::judge
