// `tagdrift serve` beside a containerd that is upgraded in place, from 1.6 over 1.7 to 2.x.
#include <gtest/gtest.h>

#include <string>

#include "lab_fixture.h"
#include "serving.h"

namespace tagdrift::lab {
namespace {

TEST(ServeOnNode, OutlivesUpgradesOfContainerd) {
  for (const char* version : {"1.7", "2"}) {
    if (!CanRun(VersionMissing(version))) return;
  }
  const App app("upgrade-first");
  app.Pull();
  app.Move();
  const Agent agent("upgraded");
  ASSERT_EQ(agent.VerdictOf(app.reference), "VERDICT_STALE");
  for (const std::string version : {"1.7", "2"}) {
    TheLab().containerd().Upgrade(version);
    EXPECT_EQ(agent.VerdictOf(app.reference), "VERDICT_STALE") << "the last report stays";
    ExpectSoon("containerd " + version,
               [&] { return agent.Report()["runtime"].value("version", "").starts_with(version + "."); });
    const App other("upgrade-to-" + version.substr(0, 1) + version.substr(version.size() - 1));
    other.Pull();
    ExpectSoon("a pull by it", [&] { return agent.VerdictOf(other.reference) == "VERDICT_FRESH"; });
    EXPECT_EQ(agent.VerdictOf(app.reference), "VERDICT_STALE") << "what the store has from before the upgrade";
    EXPECT_EQ(agent.Health().status, 200);
  }
}

}  // namespace
}  // namespace tagdrift::lab
