#include "agent/fake_node.h"
#include "conformance_suite.h"

namespace tagdrift::node {
namespace {

class FakeNodeUnderTest final : public NodeUnderTest {
 public:
  explicit FakeNodeUnderTest(bool deletes_any_target) {
    node_.deletes_any_target = deletes_any_target;
    node_.Offer("r.io/never-pulled:latest", node_.AddImage("never pulled"));
  }

  RuntimeClients& clients() override { return node_.clients; }
  OfferedImage Offer(const std::string& name) override {
    const image::Digest digest = node_.AddImage(name);
    OfferedImage image{"r.io/" + name, digest, node_.ids.at(digest.text())};
    node_.Offer(image.Tag(), digest);
    node_.Offer(image.DigestName(), digest);
    return image;
  }
  bool DeletesAnyTarget() const override { return node_.deletes_any_target; }
  void Freeze() override { node_.calls->Freeze(); }
  void Thaw() override { node_.calls->Thaw(); }

 private:
  agent::FakeNode node_;
};

INSTANTIATE_TEST_SUITE_P(
    FakeNode, Conformance,
    testing::Values(NodeKind{"AsContainerd1", [] { return std::make_unique<FakeNodeUnderTest>(true); }},
                    NodeKind{"AsContainerd2", [] { return std::make_unique<FakeNodeUnderTest>(false); }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace tagdrift::node
