// Rounds on a node whose containerd configuration is younger than the runtime that read it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "scene.h"

namespace tagdrift::agent {
namespace {

using testing::HasSubstr;

class RestartPending : public testing::Test {
 protected:
  RestartPending() {
    root_.Write("/etc/containerd/config.toml",
                "version = 3\n[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/certs.d\"\n");
    root_.Write("/certs.d/registry.test/hosts.toml", "server = \"" + registry_.Url() + "\"\n");
    root_.Write("/run/containerd/containerd.sock", "");
    registry_.Push("app", "v1", image_);
    node_.AddImage(image_, "registry.test/app");
    node_.SetName(NameOf("app:v1"), image_.digest());
  }

  void StartRuntime(std::chrono::seconds from_now) {
    std::filesystem::last_write_time(root_.path() / "run/containerd/containerd.sock",
                                     std::filesystem::file_time_type::clock::now() + from_now);
  }

  /// Of the one agent that the node is for.
  report::Round Round(const CheckOptions& options) {
    if (agent_ == nullptr) {
      Options settings;
      settings.host_root = root_.path();
      settings.overrides.version = hosts::ContainerdVersion{2, 1, 9};
      settings.registry.user_agent = "tagdrift/test";
      auto agent = Agent::Make(std::move(settings), std::move(node_.clients));
      EXPECT_TRUE(agent.ok()) << agent.status();
      agent_ = *std::move(agent);
    }
    auto round = agent_->Check(options, {});
    EXPECT_TRUE(round.ok()) << round.status();
    return round.ok() ? *std::move(round) : report::Round();
  }
  judge::TagResult Check(const CheckOptions& options = {}) { return ResultOf(Round(options), "app:v1"); }

  CheckOptions NamingTheOrigin() const {
    hosts::RegistryHost origin;
    origin.scheme = "http";
    origin.host = registry_.Url().substr(std::string("http://").size());
    origin.path = "/v2";
    origin.role = hosts::HostRole::kConfigured;
    origin.capabilities = {hosts::Capability::kPull, hosts::Capability::kResolve};
    CheckOptions options;
    options.origins.emplace("registry.test", origin);
    return options;
  }

  hosts::TreeFolder root_;
  FakeRegistry registry_;
  FakeNode node_;
  std::unique_ptr<Agent> agent_;
  const SampleImage image_{"image", 2024};
};

TEST_F(RestartPending, LeavesAnOriginUndecidedThatOnlyTheNewFilesName) {
  StartRuntime(std::chrono::hours(-1));
  const auto result = Check();
  EXPECT_EQ(result.verdict, judge::Verdict::kUndecided);
  EXPECT_EQ(result.cause, judge::Cause::kForecastUnknown);
  EXPECT_THAT(result.reason, HasSubstr("/etc/containerd/config.toml changed at "));
  EXPECT_EQ(registry_.Count(), 0);
}

TEST_F(RestartPending, LeavesTheForecastUndecidedWhereTheOperatorNamesTheOrigin) {
  StartRuntime(std::chrono::hours(-1));
  const auto result = Check(NamingTheOrigin());
  EXPECT_EQ(result.verdict, judge::Verdict::kFresh) << result.reason;
  EXPECT_EQ(result.next_pull.pull.outcome, judge::Outcome::kUndecided);
  EXPECT_THAT(result.next_pull.pull.detail, HasSubstr("--containerd-config"));
}

TEST_F(RestartPending, IsTheSameWhenTheStartIsReckonedASecondLater) {
  StartRuntime(std::chrono::hours(-1));
  CheckOptions options = NamingTheOrigin();
  const report::Round first = Round(options);
  const int asked = registry_.Count();
  EXPECT_GE(asked, 1);
  StartRuntime(std::chrono::seconds(-3599));
  options.reuse = {
      .rounds = {std::make_shared<const KeptRound>(first)}, .in_use = absl::Hours(1), .unused = absl::Hours(1)};
  const auto again = Check(options);
  EXPECT_EQ(registry_.Count(), asked);
  EXPECT_NE(again.next_pull.pull.detail, ResultOf(first, "app:v1").next_pull.pull.detail) << "what is said is of now";
}

TEST_F(RestartPending, EndsWithTheRestart) {
  StartRuntime(std::chrono::hours(1));
  const auto result = Check();
  EXPECT_EQ(result.verdict, judge::Verdict::kFresh) << result.reason;
  EXPECT_EQ(result.next_pull.pull.outcome, judge::Outcome::kFresh);
}

}  // namespace
}  // namespace tagdrift::agent
