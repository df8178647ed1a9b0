// Rounds on a node whose containerd configuration is younger than the runtime that read it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

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

  void StartRuntime(std::chrono::hours from_now) {
    std::filesystem::last_write_time(root_.path() / "run/containerd/containerd.sock",
                                     std::filesystem::file_time_type::clock::now() + from_now);
  }

  judge::TagResult Check(const CheckOptions& options = {}) {
    Options settings;
    settings.host_root = root_.path();
    settings.overrides.version = hosts::ContainerdVersion{2, 1, 9};
    settings.registry.user_agent = "tagdrift/test";
    const auto agent = Agent::Make(std::move(settings), std::move(node_.clients));
    EXPECT_TRUE(agent.ok()) << agent.status();
    const auto round = (*agent)->Check(options, {});
    EXPECT_TRUE(round.ok()) << round.status();
    return round.ok() ? ResultOf(*round, "app:v1") : judge::TagResult();
  }

  hosts::TreeFolder root_;
  FakeRegistry registry_;
  FakeNode node_;
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
  hosts::RegistryHost origin;
  origin.scheme = "http";
  origin.host = registry_.Url().substr(std::string("http://").size());
  origin.path = "/v2";
  origin.role = hosts::HostRole::kConfigured;
  origin.capabilities = {hosts::Capability::kPull, hosts::Capability::kResolve};
  CheckOptions options;
  options.origins.emplace("registry.test", origin);
  const auto result = Check(options);
  EXPECT_EQ(result.verdict, judge::Verdict::kFresh) << result.reason;
  EXPECT_EQ(result.next_pull.pull.outcome, judge::Outcome::kUndecided);
  EXPECT_THAT(result.next_pull.pull.detail, HasSubstr("--containerd-config"));
}

TEST_F(RestartPending, EndsWithTheRestart) {
  StartRuntime(std::chrono::hours(1));
  const auto result = Check();
  EXPECT_EQ(result.verdict, judge::Verdict::kFresh) << result.reason;
  EXPECT_EQ(result.next_pull.pull.outcome, judge::Outcome::kFresh);
}

}  // namespace
}  // namespace tagdrift::agent
