// deploy/kubectl-tagdrift by a real kubectl, with agents of its own nodes behind `kubectl exec`. Both look at the lab's
// one containerd, and at another hosts.toml.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "serving.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kRegistry[] = "kct.test";

/// Host directories with the registry's hosts alone.
std::string HostDirectories(const std::string& name, const std::string& hosts) {
  std::string folder = LabRoot() + "/kct-" + name;
  WriteFile(folder + "/" + kRegistry + "/hosts.toml", "server = \"" + TheLab().upstream().url() + "\"\n" + hosts);
  return folder;
}

/// Old image cached, run by a pod for each node, and still served by the mirror that the node `behind` asks first.
class KubectlTagdrift : public testing::Test {
 protected:
  void SetUp() override {
    if (!AreUnpacked({"kubectl/usr/bin/kubectl"})) GTEST_SKIP();
    const std::string image_id = app_.Pull();
    for (const char* name : {"web-6c9d7-behind", "web-6c9d7-direct"}) {
      const auto pod = TheLab().cri().Run({.name = name,
                                           .image_id = image_id,
                                           .requested = app_.reference,
                                           .pod_namespace = "shop",
                                           .container = "app"});
      ASSERT_TRUE(pod.ok()) << pod.status();
      pods_.push_back(*pod);
    }
    TheLab().mirror().Push(app_.repository, "v1", app_.v1);
    app_.Move();
    behind_ = std::make_unique<Agent>(
        "kct-behind",
        std::vector<std::string>{"--registry-config-path",
                                 HostDirectories("behind", "[host.\"" + TheLab().mirror().url() + "\"]\n")});
    direct_ = std::make_unique<Agent>(
        "kct-direct", std::vector<std::string>{"--registry-config-path", HostDirectories("direct", "")});
    cluster_ =
        std::make_unique<Daemon>("the API server",
                                 std::vector<std::string>{"node", TAGDRIFT_LAB_CLUSTER, config_, TagdriftBinary(),
                                                          "behind=" + behind_->SocketDir() + "=web-6c9d7-behind",
                                                          "direct=" + direct_->SocketDir() + "=web-6c9d7-direct"},
                                 std::map<std::string, std::string>{}, LabRoot() + "/kct-cluster.log");
    cluster_->AwaitReady([&] { return std::filesystem::exists(config_); });
  }
  void TearDown() override {
    for (const Pod& pod : pods_) EXPECT_TRUE(TheLab().cri().Remove(pod).ok());
  }

  Output Run(std::vector<std::string> words) const {
    words.insert(words.begin(), {"kubectl", "tagdrift"});
    return RunCommand(
        words,
        {.environment = {{"PATH", std::string(TAGDRIFT_DEPLOY) + ":" + LabFile("kubectl/usr/bin") + ":/usr/bin:/bin"},
                         {"HOME", LabRoot()},
                         {"KUBECONFIG", config_}}});
  }

  const App app_{"kct", kRegistry};
  std::unique_ptr<Agent> behind_;
  std::unique_ptr<Agent> direct_;

 private:
  const std::string config_ = LabRoot() + "/kct-config";
  std::vector<Pod> pods_;
  std::unique_ptr<Daemon> cluster_;
};

TEST_F(KubectlTagdrift, FindsTheNodeBehindAStaleMirrorAndRefreshesOne) {
  const Output explained = Run({"explain", "deploy/web"});
  EXPECT_EQ(explained.exit_code, 1) << explained.err;
  EXPECT_THAT(explained.out, StartsWith("deployment shop/web: 1 of 2 nodes differs: direct\n"));
  EXPECT_THAT(explained.out, HasSubstr("STALE_MIRROR"));
  EXPECT_THAT(explained.out, HasSubstr("TAG_MOVED"));

  const Output checked = Run({"check", app_.reference, "-o", "json"});
  EXPECT_EQ(checked.exit_code, 1) << checked.err;
  const json joined = json::parse(checked.out, nullptr, false);
  ASSERT_TRUE(joined.is_object()) << checked.out;
  EXPECT_EQ(joined["nodes"][0]["answer"]["tags"][0]["cause"], "CAUSE_STALE_MIRROR");
  EXPECT_EQ(joined["nodes"][1]["answer"]["tags"][0]["cause"], "CAUSE_TAG_MOVED");

  const Output mirrors = Run({"mirrors", kRegistry});
  EXPECT_EQ(mirrors.exit_code, 0) << mirrors.err;
  EXPECT_THAT(mirrors.out, StartsWith("mirrors: 1 of 2 nodes differs: "));

  const Output planned = Run({"refresh", app_.reference, "--node", "direct"});
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_EQ(TheLab().containerd().Target(app_.reference), app_.v1.digest());
  const Output done = Run({"refresh", app_.reference, "--node", "direct", "--yes"});
  EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
  EXPECT_THAT(done.out, StartsWith("refresh: 1 node: 1 refreshed\n"));
  EXPECT_EQ(TheLab().containerd().Target(app_.reference), app_.v2.digest());

  direct_->daemon().Stop();
  const Output halved = Run({"images"});
  EXPECT_THAT(halved.out, StartsWith("images: 1 node: "));
  EXPECT_THAT(halved.out, HasSubstr("; no answer from direct\n"));
  EXPECT_THAT(halved.out, HasSubstr("no agent listens at"));
  EXPECT_EQ(halved.exit_code, 2) << halved.err;
}

}  // namespace
}  // namespace tagdrift::lab
