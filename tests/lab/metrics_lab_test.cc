// What Prometheus scrapes of a healthy node and of one in trouble. The tests of alerts and dashboard work on scrapes of
// these two nodes, which are in tests/deploy/alerts; here the program is held to them. TAGDRIFT_WRITE_SCRAPES=FOLDER
// has them written anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "serving.h"

namespace tagdrift::lab {
namespace {

using testing::ContainerEq;

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// "name{labels}" of every series. Which requests a round takes is left out, and the version.
std::set<std::string> SeriesOf(const std::string& scrape) {
  std::set<std::string> series;
  std::istringstream lines(scrape);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::string name = line.substr(0, line.find_first_of("{ "));
    const bool by_name = name == "tagdrift_registry_requests_total" || name == "tagdrift_build_info";
    series.insert(by_name ? name : line.substr(0, line.rfind(' ')));
  }
  return series;
}

class Scrapes : public testing::Test {
 protected:
  /// An agent of hosts directories of its own: what it says once `ready` holds for it, with names for the lab's
  /// addresses.
  std::string Scrape(const std::string& name, const std::string& directories) {
    const Agent agent("scrape-" + name, {"--registry-config-path", directories});
    std::string scrape = agent.Metrics().body;
    scrape = Replaced(scrape, TheLab().upstream().host(), "registry.test:5000");
    scrape = Replaced(scrape, TheLab().mirror().host(), "mirror.test:5000");
    return Replaced(scrape, dead_, "down.test:5000");
  }

  static void ExpectAsCommitted(const std::string& name, const std::string& scrape) {
    const std::string file = "/" + name + ".prom";
    if (const char* folder = std::getenv("TAGDRIFT_WRITE_SCRAPES"); folder != nullptr) {
      WriteFile(folder + file, "# scraped at " + std::to_string(time(nullptr)) + "\n" + scrape);
      return;
    }
    EXPECT_THAT(SeriesOf(scrape), ContainerEq(SeriesOf(ReadFile(TAGDRIFT_SCRAPES + file))));
  }

  static void WriteHosts(const std::string& folder, const std::string& registry, const std::string& toml) {
    WriteFile(folder + "/" + registry + "/hosts.toml", toml);
  }

  static std::string Mirror(const std::string& url) {
    return "[host.\"" + url + "\"]\n  capabilities = [\"pull\", \"resolve\"]\n";
  }

  const std::string dead_ = "127.0.0.1:" + std::to_string(FreePort());
};

TEST_F(Scrapes, HaveTheSeriesThatAlertsAndDashboardAreTestedOn) {
  const App stale("scr-stale", "stale.test");
  const App risky("scr-risky", "risky.test");
  const App down("scr-down", "down.test");
  const App ignored("scr-ignored", "ignored.test");
  const std::string server = "server = \"" + TheLab().upstream().url() + "\"\n";
  const std::string trouble = LabRoot() + "/scrapes-trouble";
  const std::string health = LabRoot() + "/scrapes-health";
  for (const char* registry : {"stale.test", "risky.test", "down.test", "ignored.test"}) {
    WriteHosts(health, registry, server);
  }
  WriteHosts(trouble, "stale.test", server + Mirror(TheLab().mirror().url()));
  WriteHosts(trouble, "risky.test", server + Mirror(TheLab().mirror().url()));
  WriteHosts(trouble, "down.test", server + Mirror("http://" + dead_));
  WriteHosts(trouble, "ignored.test",
             server + "[host.\"" + TheLab().mirror().url() + "\"]\n  capabilities = [\"resolv\"]\n");

  const std::string image_id = stale.Pull();
  down.Pull();
  ignored.Pull();
  TheLab().mirror().Push(risky.repository, "v1", risky.v1);
  risky.Move();
  risky.Pull();
  const auto pod = TheLab().cri().Run(
      {.name = "scr-pod", .image_id = image_id, .requested = stale.reference, .pod_namespace = "shop"});
  ASSERT_TRUE(pod.ok()) << pod.status();
  ExpectAsCommitted("healthy", Scrape("healthy", health));

  TheLab().mirror().Push(stale.repository, "v1", stale.v1);
  stale.Move();
  ExpectAsCommitted("incident", Scrape("incident", trouble));
  EXPECT_TRUE(TheLab().cri().Remove(*pod).ok());
}

}  // namespace
}  // namespace tagdrift::lab
