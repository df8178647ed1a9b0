// The conformance suite of nodes on a real containerd.
#include <signal.h>

#include <filesystem>
#include <string>
#include <thread>

#include "lab_files.h"
#include "lab_fixture.h"
#include "node/conformance_suite.h"
#include "tagdrift/node/settings.h"

namespace tagdrift::lab {
namespace {

/// A stop signal reaches the threads of a process one after the other: until then one may still answer.
bool IsStopped(int pid) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    const std::string stat = ReadFile(task.path() / "stat");
    const std::size_t name_end = stat.rfind(") ");
    if (name_end != std::string::npos && stat[name_end + 2] != 'T') return false;
  }
  return true;
}

class LabNode final : public node::NodeUnderTest {
 public:
  LabNode() {
    const std::string endpoint = TheLab().containerd().endpoint();
    auto clients = node::MakeClients(endpoint);
    EXPECT_TRUE(clients.ok()) << clients.status();
    clients_ = *std::move(clients);
    const auto version = node::Reach(endpoint, clients_, {});
    EXPECT_TRUE(version.ok()) << version.status();
    pid_ = node::ListenerPid(TheLab().containerd().socket()).value_or(-1);
    EXPECT_GT(pid_, 1);
  }

  node::RuntimeClients& clients() override { return clients_; }
  node::OfferedImage Offer(const std::string& name) override {
    const Artifact image = MakeImage({.text = "conformance " + name});
    const std::string repository = "conformance/" + name;
    TheLab().upstream().Push(repository, "latest", image);
    return {TheLab().upstream().host() + "/" + repository, *image::Digest::Parse(image.digest()), image.image_id()};
  }
  bool DeletesAnyTarget() const override { return TheLab().containerd().version() != "2"; }
  void Freeze() override {
    ASSERT_EQ(::kill(pid_, SIGSTOP), 0);
    while (!IsStopped(pid_)) std::this_thread::yield();
  }
  void Thaw() override { ASSERT_EQ(::kill(pid_, SIGCONT), 0); }

 private:
  node::RuntimeClients clients_;
  int pid_ = -1;
};

}  // namespace
}  // namespace tagdrift::lab

namespace tagdrift::node {

INSTANTIATE_TEST_SUITE_P(Containerd, Conformance,
                         testing::Values(NodeKind{"Lab", [] { return std::make_unique<lab::LabNode>(); }}),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace tagdrift::node
