// Rounds and actions in a pod that cannot see whether containerd goes through proxies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "scene.h"
#include "tagdrift/record/recording.h"

namespace tagdrift::agent {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

auto ProxiesUnknownNote() { return Contains(Field(&hosts::Note::kind, hosts::NoteKind::kProxiesUnknown)); }

class ProxiesUnknown : public testing::Test {
 protected:
  ProxiesUnknown() {
    UseServer(UrlThatMayBeProxied());
    for (const SampleImage* image : {&old_, &new_}) registry_.Push("app", "v1", *image);
    node_.AddImage(new_, "registry.test/app");
    node_.SetName(NameOf("app:v1"), new_.digest());
  }

  void UseServer(const std::string& url) {
    root_.Write("/certs.d/registry.test/hosts.toml", "server = \"" + url + "\"\n");
  }

  /// The address that is no particular one of this machine: a connection to it arrives, and Go would go through a
  /// proxy.
  std::string UrlThatMayBeProxied() const {
    const std::string url = registry_.Url();
    return "http://0.0.0.0" + url.substr(url.rfind(':'));
  }

  /// Of the one agent that the node is for.
  Agent& InPod(std::map<std::string, std::string> environment = {}) {
    environment.emplace("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    return Make(std::move(environment));
  }
  Agent& Make(std::map<std::string, std::string> environment) {
    Options options;
    options.host_root = root_.path();
    options.overrides.version = hosts::ContainerdVersion{2, 1, 9};
    options.overrides.registry_config_path = "/certs.d";
    options.kube.from = kube::PodsFrom::kNone;
    options.environment = std::move(environment);
    options.registry.user_agent = "tagdrift/test";
    auto made = Agent::Make(std::move(options), std::move(node_.clients));
    EXPECT_TRUE(made.ok()) << made.status();
    agent_ = *std::move(made);
    return *agent_;
  }

  static report::Round Check(Agent& agent) {
    auto round = agent.Check({}, {});
    EXPECT_TRUE(round.ok()) << round.status();
    return round.ok() ? *std::move(round) : report::Round();
  }

  static void ExpectKnown(const report::Round& round) {
    EXPECT_THAT(round.settings.notes, Not(ProxiesUnknownNote()));
    const judge::TagResult result = ResultOf(round, "app:v1");
    EXPECT_EQ(result.verdict, judge::Verdict::kFresh) << result.reason;
    EXPECT_EQ(result.next_pull.pull.outcome, judge::Outcome::kFresh) << result.next_pull.pull.detail;
  }

  hosts::TreeFolder root_;
  FakeRegistry registry_;
  FakeNode node_;
  std::unique_ptr<Agent> agent_;
  const SampleImage old_{"old", 2020};
  const SampleImage new_{"new", 2024};
};

TEST_F(ProxiesUnknown, LeaveTheForecastUndecidedAndTheVerdictToTheOrigin) {
  const report::Round round = Check(InPod());
  EXPECT_THAT(round.settings.notes, ProxiesUnknownNote());
  const judge::TagResult result = ResultOf(round, "app:v1");
  EXPECT_EQ(result.verdict, judge::Verdict::kFresh) << result.reason;
  EXPECT_EQ(result.next_pull.pull.outcome, judge::Outcome::kUndecided);
  EXPECT_THAT(result.next_pull.pull.detail, HasSubstr("proxy settings are unknown"));
  EXPECT_THAT(result.next_pull.pull.detail, HasSubstr("HTTPS_PROXY and NO_PROXY of the agent say them"));
}

TEST_F(ProxiesUnknown, LeaveAStaleTagStale) {
  node_.AddImage(old_, "registry.test/app");
  node_.SetName(NameOf("app:v1"), old_.digest());
  const judge::TagResult result = ResultOf(Check(InPod()), "app:v1");
  EXPECT_EQ(result.verdict, judge::Verdict::kStale) << result.reason;
  EXPECT_EQ(result.cause, judge::Cause::kForecastUnknown);
}

TEST_F(ProxiesUnknown, AreTheSameInARecording) {
  const report::Round round = Check(InPod());
  const auto replayed = record::ReadRecording(record::Write({.round = round}));
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  EXPECT_EQ(replayed->round.settings.proxies_unknown, round.settings.proxies_unknown);
  EXPECT_EQ(ResultOf(replayed->round, "app:v1").next_pull.pull.detail, ResultOf(round, "app:v1").next_pull.pull.detail);
}

TEST_F(ProxiesUnknown, ProveNoPullToAnEviction) {
  const report::ActionResult result = InPod().Act(
      {.action = judge::ActionKind::kEvict, .reference = *image::Reference::Parse(NameOf("app:v1"))}, {}, {});
  EXPECT_THAT(result.plan.refusals, Contains(Field(&judge::Refusal::kind, judge::RefusalKind::kPullNotProven)));
}

TEST_F(ProxiesUnknown, DoNotMatterToHostsOfTheNodeItself) {
  UseServer(registry_.Url());
  const report::Round round = Check(InPod());
  EXPECT_TRUE(round.settings.proxies_unknown);
  EXPECT_EQ(ResultOf(round, "app:v1").next_pull.pull.outcome, judge::Outcome::kFresh);
}

TEST_F(ProxiesUnknown, AreNotWhereTheAgentIsToldThatThereIsNone) { ExpectKnown(Check(InPod({{"NO_PROXY", "*"}}))); }

TEST_F(ProxiesUnknown, AreNotWhereThereAreNoUnitsToSee) {
  root_.Write("etc/systemd/system/", "");
  ExpectKnown(Check(InPod()));
}

TEST_F(ProxiesUnknown, AreNotOutsideOfPods) { ExpectKnown(Check(Make({}))); }

}  // namespace
}  // namespace tagdrift::agent
