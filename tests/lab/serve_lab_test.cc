// `tagdrift serve` beside a real containerd, asked with --agent, by HTTP, and by people who may not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "act_run.h"
#include "check_run.h"
#include "http.h"
#include "lab_files.h"
#include "lab_fixture.h"
#include "serving.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(ServeOnNode, SaysWhatACheckSays) {
  const App app("srv-same");
  app.Pull();
  app.Move();
  const Agent agent("same");
  const Output local = RunTagdrift(TheLab(), {"check", "--pods-from", "none", "-o", "json"});
  EXPECT_EQ(WithoutTimes(agent.Report()), WithoutTimes(json::parse(local.out)));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"check", app.reference}, {"explain", app.reference}, {"mirrors"}, {"images"}}) {
    std::vector<std::string> remote = arguments;
    remote.insert(remote.end(), {"--agent", agent.Reader()});
    const Output asked = RunTagdrift(TheLab(), remote);
    const Output here = RunTagdrift(TheLab(), arguments);
    EXPECT_EQ(asked.exit_code, here.exit_code) << arguments[0] << asked.err;
    EXPECT_EQ(asked.out.substr(0, asked.out.find('\n')), here.out.substr(0, here.out.find('\n'))) << arguments[0];
  }
}

TEST(ServeOnNode, SeesWhatHappensOnTheNodeWithoutARound) {
  const App app("srv-fresh");
  app.Pull();
  const App moving("srv-moving", "srv-moving.test");
  moving.Pull();
  const Agent agent("fresh");
  ASSERT_EQ(agent.VerdictOf(app.reference), "VERDICT_FRESH");

  const App other("srv-other");
  other.Pull();
  ExpectSoon("a pull", [&] { return agent.VerdictOf(other.reference) == "VERDICT_FRESH"; });

  TheLab().containerd().Ctr({"images", "tag", "--force", other.reference, app.reference});
  ExpectSoon("a native re-tag",
             [&] { return agent.Tag(app.reference).value("cachedDigest", "") == other.v1.digest(); });

  TheLab().containerd().Ctr({"images", "remove", app.reference});
  ExpectSoon("a removed name", [&] { return agent.VerdictOf(app.reference).empty(); });

  const auto containers = [&] { return agent.Report()["containers"]; };
  const std::size_t before = containers().size();
  const auto pod =
      TheLab().cri().Run({.name = "srv-pod", .image_id = other.v1.image_id(), .requested = other.reference});
  ASSERT_TRUE(pod.ok()) << pod.status();
  ExpectSoon("a container's start", [&] {
    const json all = containers();
    return all.size() == before + 1 && all.back().value("state", "") == "running";
  });
  ASSERT_TRUE(TheLab().cri().Remove(*pod).ok());
  ExpectSoon("its end", [&] { return containers().size() == before; });

  TheLab().mirror().Push(moving.repository, "v1", moving.v1);
  moving.Move();
  TheLab().containerd().SetHosts("srv-moving.test", TheLab().upstream().url(), {{.url = TheLab().mirror().url()}});
  ExpectSoon("an edit of hosts.toml",
             [&] { return agent.Tag(moving.reference).value("cause", "") == "CAUSE_STALE_MIRROR"; });
}

TEST(ServeOnNode, RefreshesForAnOperatorAndTellsSo) {
  const App app("srv-act");
  app.Pull();
  app.Move();
  Agent agent("act");
  ASSERT_EQ(agent.VerdictOf(app.reference), "VERDICT_STALE");
  const Output refused = RunTagdrift(TheLab(), {"refresh", "--yes", "--agent", agent.Reader(), app.reference});
  EXPECT_EQ(refused.exit_code, 1) << refused.out << refused.err;
  EXPECT_EQ(TheLab().containerd().Target(app.reference), app.v1.digest());

  const ActRun done = Act(TheLab(), {"refresh", "--yes", "--agent", agent.Operator(), app.reference});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_EQ(done.State(), "ACTION_STATE_DONE");
  EXPECT_EQ(TheLab().containerd().Target(app.reference), app.v2.digest());
  EXPECT_THAT(ReadFile(agent.Log()), HasSubstr("at operator.sock"));
  ExpectSoon("the refresh", [&] { return agent.VerdictOf(app.reference) == "VERDICT_FRESH"; });
  EXPECT_THAT(agent.Metrics().body, HasSubstr("tagdrift_actions_total{action=\"refresh\",outcome=\"done\"} 1"));
}

TEST(ServeOnNode, OutlivesARestartOfContainerd) {
  const App app("srv-restart");
  app.Pull();
  const Agent agent("restart");
  ASSERT_EQ(agent.VerdictOf(app.reference), "VERDICT_FRESH");
  TheLab().containerd().Crash();
  EXPECT_EQ(agent.VerdictOf(app.reference), "VERDICT_FRESH") << "the last report stays";
  const App other("srv-after");
  other.Pull();
  ExpectSoon("a pull after containerd's restart", [&] { return agent.VerdictOf(other.reference) == "VERDICT_FRESH"; });
  EXPECT_EQ(agent.Health().status, 200);
}

TEST(ServeOnNode, ARestartedAgentAsksNoRegistryAgain) {
  const App app("srv-again");
  app.Pull();
  app.Move();
  Agent agent("again");
  ASSERT_EQ(agent.VerdictOf(app.reference), "VERDICT_STALE");
  agent.daemon().Stop();
  agent.Start();
  EXPECT_EQ(agent.VerdictOf(app.reference), "VERDICT_STALE");
  EXPECT_THAT(agent.Metrics().body, testing::Not(HasSubstr("tagdrift_registry_requests_total{")));
}

TEST(ServeOnNode, LosesNoReportWithoutMemory) {
  const App app("srv-memory");
  app.Pull();
  app.Move();
  Agent agent("memory");
  ASSERT_EQ(agent.VerdictOf(app.reference), "VERDICT_STALE");
  std::istringstream pages(ReadFile("/proc/" + std::to_string(agent.daemon().pid()) + "/statm"));
  rlim_t mapped = 0;
  pages >> mapped;
  const rlimit limit = {mapped * static_cast<rlim_t>(getpagesize()), RLIM_INFINITY};
  ASSERT_EQ(prlimit(agent.daemon().pid(), RLIMIT_AS, &limit, nullptr), 0);
  // It may answer, refuse or end.
  int answered = 0;
  for (int i = 0; i < 20; ++i) {
    answered += RunTagdrift(TheLab(), {"explain", app.reference, "--agent", agent.Operator()}).exit_code == 1 ? 1 : 0;
    agent.Metrics();
  }
  std::cout << "calls answered without memory: " << answered << " of 20\n";
  agent.daemon().Kill();
  agent.Start();
  EXPECT_EQ(agent.VerdictOf(app.reference), "VERDICT_STALE");
  EXPECT_THAT(agent.Metrics().body, testing::Not(HasSubstr("tagdrift_registry_requests_total{")));
}

TEST(ServeOnNode, AnotherUserIsKeptOutUnlessHisGroupMayRead) {
  const Agent agent("access", {"--reader-group", "65533"});
  const auto connects = [&](const std::string& group, const std::string& socket) {
    constexpr int kCannotConnect = 7;
    return RunCommand({"setpriv", "--reuid=65534", "--regid=" + group, "--clear-groups", "curl", "--silent",
                       "--max-time", "5", "--unix-socket", agent.SocketDir() + "/" + socket, "http://agent/"})
               .exit_code != kCannotConnect;
  };
  EXPECT_FALSE(connects("65534", "reader.sock"));
  EXPECT_TRUE(connects("65533", "reader.sock"));
  EXPECT_FALSE(connects("65533", "operator.sock"));
  struct stat status {};
  ASSERT_EQ(stat((agent.SocketDir() + "/operator.sock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const Output second =
      RunTagdrift(TheLab(), {"serve", "--socket-dir", agent.SocketDir(), "--metrics", "off", "--health", "off"});
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_THAT(second.err, HasSubstr("another agent serves in " + agent.SocketDir()));
}

/// What Prometheus answers to an instant query that yields one value; nothing where there is none.
std::optional<std::string> Queried(int port, const std::string& query) {
  const HttpAnswer answer = Send({.url = "http://127.0.0.1:" + std::to_string(port) + "/api/v1/query?query=" + query});
  const json parsed = json::parse(answer.body, nullptr, false);
  const json result = parsed.is_object() ? parsed.value(json::json_pointer("/data/result"), json()) : json();
  if (!result.is_array() || result.size() != 1) return std::nullopt;
  return result[0]["value"][1].get<std::string>();
}

TEST(ServeOnNode, PrometheusTakesItsMetrics) {
  const App app("srv-metrics");
  app.Pull();
  const Agent agent("metrics");
  const HttpAnswer metrics = agent.Metrics();
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(metrics.body, HasSubstr("tagdrift_cached_tags{"));
  if (!AreUnpacked({"promtool/usr/bin/promtool", "promtool/usr/bin/prometheus"})) return;
  const Output checked =
      RunCommand({LabFile("promtool/usr/bin/promtool"), "check", "metrics"}, {.input = metrics.body});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  const std::string folder = LabRoot() + "/prometheus";
  WriteFile(folder + "/prometheus.yml",
            "global: {scrape_interval: 1s}\n"
            "scrape_configs:\n- job_name: tagdrift\n  static_configs: [{targets: ['" +
                agent.MetricsAddress() + "']}]\n");
  const int port = FreePort();
  Daemon prometheus(
      "prometheus",
      {LabFile("promtool/usr/bin/prometheus"), "--config.file=" + folder + "/prometheus.yml",
       "--storage.tsdb.path=" + folder + "/data", "--web.listen-address=127.0.0.1:" + std::to_string(port)},
      {}, folder + "/log");
  prometheus.AwaitReady([&] { return Queried(port, "up") == "1"; });
  EXPECT_NE(Queried(port, "sum(tagdrift_cached_tags)").value_or("0"), "0");
  EXPECT_TRUE(Queried(port, "tagdrift_build_info"));
  const std::string series = Queried(port, "count(%7B__name__=~%22tagdrift_.%2B%22%7D)").value_or("0");
  std::cout << "series that Prometheus has of the agent: " << series << "\n";
  EXPECT_GT(std::stoi(series), 20);
}

}  // namespace
}  // namespace tagdrift::lab
