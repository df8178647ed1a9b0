// What Kubernetes says of the pods, as part of a round.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stop_token>

#include "fake_node.h"
#include "hosts/tree_folder.h"
#include "registry/test_certificates.h"
#include "registry/test_server.h"
#include "tagdrift/agent/agent.h"

namespace tagdrift::agent {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kPods[] = R"({"kind":"PodList","items":[{"metadata":{"name":"web-0","namespace":"shop","uid":"u"},
    "spec":{"containers":[{"name":"web","image":"registry.test/web","imagePullPolicy":"Always"}]}}]})";

class PodSpecsTest : public testing::Test {
 protected:
  PodSpecsTest() {
    account_.Write("token", "secret");
    account_.Write("ca.crt", authority_.Certificate());
  }

  /// An agent that asks the kubelet.
  std::unique_ptr<Agent> Make(const std::string& service_account) {
    auto agent = Agent::Make({.host_root = root_.path(),
                              .overrides = {.version = hosts::ContainerdVersion{2, 1, 0}},
                              .kube = {.from = kube::PodsFrom::kKubelet,
                                       .kubelet = kubelet_.Authority(),
                                       .service_account = service_account,
                                       .limit = std::chrono::seconds(60)}},
                             std::move(node_.clients));
    EXPECT_TRUE(agent.ok()) << agent.status();
    return *std::move(agent);
  }

  const registry::TestAuthority authority_;
  registry::TestServer kubelet_{[](const registry::Received& request) { return Reply200(request, "", kPods); },
                                authority_.Issue("IP:127.0.0.1")};
  const hosts::TreeFolder account_;
  const hosts::TreeFolder root_;
  FakeNode node_;
};

TEST_F(PodSpecsTest, RoundHasThemAndWhetherTheKubeletVerifies) {
  root_.Write("var/lib/kubelet/image_manager/pulled/", "");
  root_.Write("var/lib/kubelet/config.yaml", "imagePullCredentialsVerificationPolicy: AlwaysVerify");
  const auto round = Make(account_.path())->Check({}, {});
  ASSERT_TRUE(round.ok()) << round.status();
  EXPECT_EQ(round->node.pods.source, facts::PodSource::kKubelet);
  ASSERT_THAT(round->node.pods.pods, SizeIs(1));
  EXPECT_EQ(round->node.pods.pods[0].containers[0].pull_policy, facts::PullPolicy::kAlways);
  EXPECT_EQ(round->node.pull_verification.policy, facts::VerificationPolicy::kAlwaysVerify);
  EXPECT_THAT(round->node.notes, IsEmpty());
}

TEST_F(PodSpecsTest, RoundWithoutThemIsNoFailure) {
  const auto round = Make("/none")->Check({}, {});
  ASSERT_TRUE(round.ok()) << round.status();
  EXPECT_EQ(round->node.pods.source, facts::PodSource::kNone);
  EXPECT_THAT(round->node.notes, Contains(HasSubstr("pull policies are assumed")));
}

TEST_F(PodSpecsTest, InAPodThereIsAKubeletThoughNothingOfItCanBeSeen) {
  for (const bool in_pod : {false, true}) {
    FakeNode node;
    Options options = {.host_root = root_.path(), .kube = {.from = kube::PodsFrom::kNone}};
    if (in_pod) options.environment = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}};
    const auto agent = Agent::Make(std::move(options), std::move(node.clients));
    ASSERT_TRUE(agent.ok()) << agent.status();
    const auto round = (*agent)->Check({}, {});
    ASSERT_TRUE(round.ok()) << round.status();
    EXPECT_EQ(round->node.pull_verification.verification,
              in_pod ? facts::Verification::kUnknown : facts::Verification::kOff);
  }
}

TEST_F(PodSpecsTest, NobodyIsAskedWhereContainersOrRegistriesAreNotLookedAt) {
  const auto agent = Make(account_.path());
  CheckOptions options;
  options.with_containers = false;
  EXPECT_TRUE(agent->Check(options, {}).ok());
  EXPECT_TRUE(agent->Images({}, {}).ok());
  EXPECT_TRUE(agent->Configuration({}).ok());
  EXPECT_EQ(kubelet_.connections(), 0);
}

/// An API server that lists one pod and holds its watch open.
class FollowedPodsTest : public PodSpecsTest {
 protected:
  ~FollowedPodsTest() override { release_.request_stop(); }

  std::unique_ptr<Agent> MakeWith(kube::PodsFrom from) {
    auto agent = Agent::Make({.host_root = root_.path(),
                              .overrides = {.version = hosts::ContainerdVersion{2, 1, 0}},
                              .kube = {.from = from,
                                       .kubelet = "127.0.0.1:1",
                                       .service_account = account_.path(),
                                       .limit = std::chrono::seconds(60)},
                              .environment = {{"KUBERNETES_SERVICE_HOST", "127.0.0.1"},
                                              {"KUBERNETES_SERVICE_PORT", std::to_string(api_.port())}}},
                             std::move(node_.clients));
    EXPECT_TRUE(agent.ok()) << agent.status();
    return *std::move(agent);
  }
  int Lists() const {
    const auto received = api_.received();
    return static_cast<int>(std::ranges::count_if(received, [](const registry::Received& request) {
      return request.target.starts_with("/api/v1/pods") && request.target.find("watch=true") == std::string::npos;
    }));
  }

 private:
  std::stop_source release_;

 protected:
  registry::TestServer api_{
      [stop = release_.get_token()](const registry::Received& request) -> registry::Scripted {
        if (request.target.find("watch=true") == std::string::npos) return Reply200(request, "", kPods);
        return {.bytes = "HTTP/1.1 200 OK\r\n\r\n", .then = registry::Scripted::Then::kClose, .more = [stop] {
                  std::mutex mutex;
                  std::unique_lock lock(mutex);
                  std::condition_variable_any().wait(lock, stop, [] { return false; });
                  return std::string();
                }};
      },
      authority_.Issue("IP:127.0.0.1")};
};

TEST_F(FollowedPodsTest, AreListedOnceForAllRounds) {
  const auto agent = MakeWith(kube::PodsFrom::kAuto);
  EXPECT_TRUE(agent->FollowPods([] { ADD_FAILURE(); }, {}).ok()) << "nobody knows yet who tells of them";
  ASSERT_TRUE(agent->Check({}, {}).ok());
  EXPECT_EQ(Lists(), 1) << "the kubelet does not answer";

  std::promise<void> followed;
  std::stop_source stop;
  auto end = std::async(std::launch::async,
                        [&] { return agent->FollowPods([&] { followed.set_value(); }, {.stop = stop.get_token()}); });
  followed.get_future().wait();
  for (int i = 0; i < 3; ++i) {
    const auto round = agent->Check({}, {});
    ASSERT_TRUE(round.ok()) << round.status();
    EXPECT_EQ(round->node.pods.source, facts::PodSource::kApi);
    EXPECT_THAT(round->node.pods.pods, SizeIs(1));
  }
  EXPECT_EQ(Lists(), 2);
  stop.request_stop();
  EXPECT_TRUE(absl::IsCancelled(end.get()));
  ASSERT_TRUE(agent->Check({}, {}).ok());
  EXPECT_EQ(Lists(), 3) << "what nobody follows any more is asked for";
}

TEST_F(FollowedPodsTest, AreNobodysWhereTheApiServerIsNotToBeAsked) {
  EXPECT_TRUE(absl::IsUnimplemented(MakeWith(kube::PodsFrom::kKubelet)->FollowPods([] { ADD_FAILURE(); }, {})));
  EXPECT_THAT(api_.received(), IsEmpty());
}

}  // namespace
}  // namespace tagdrift::agent
