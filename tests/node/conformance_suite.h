#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "tagdrift/image/digest.h"
#include "tagdrift/node/runtime.h"

namespace tagdrift::node {

/// An image that a registry offers.
struct OfferedImage {
  std::string repository;  ///< "127.0.0.1:5000/team/app"
  image::Digest digest;    ///< of its manifest, which is its tag's target
  std::string id;          ///< image id: the config's digest

  std::string Tag() const { return repository + ":latest"; }
  std::string DigestName() const { return repository + "@" + digest.text(); }
};

/// A node that the suite runs on: containerd, or what stands in for it.
class NodeUnderTest {
 public:
  virtual ~NodeUnderTest() = default;

  virtual RuntimeClients& clients() = 0;
  /// Has a registry offer an image that nobody else has, as `latest` of a repository of that name.
  virtual OfferedImage Offer(const std::string& name) = 0;
  /// containerd 1.x deletes a name wherever it points.
  virtual bool DeletesAnyTarget() const = 0;
  /// No call is answered until Thaw.
  virtual void Freeze() = 0;
  virtual void Thaw() = 0;
};

struct NodeKind {
  std::string name;
  std::function<std::unique_ptr<NodeUnderTest>()> make;
};

/// The behaviour of a node on which the rest is built; the tests are in conformance_suite.cc. To be instantiated with
/// the kinds of nodes.
class Conformance : public testing::TestWithParam<NodeKind> {
 protected:
  Conformance() : node_(GetParam().make()) {}

  RuntimeClients& clients() { return node_->clients(); }
  ContainerdClient& containerd() { return *clients().containerd; }
  ContainerdActions& actions() { return *clients().containerd_actions; }
  CriClient& cri() { return *clients().cri; }

  /// A name of this test's own.
  static std::string Own(const std::string& name);
  OfferedImage Offer(const std::string& name) { return node_->Offer(Own(name)); }
  /// Offered, and pulled by its tag.
  OfferedImage Pulled(const std::string& name);
  /// The record of that name; fails the test where there is none.
  ImageRecord RecordOf(const std::string& name);
  /// The target of that name; empty where there is none.
  std::string TargetOf(const std::string& name);
  /// True once the CRI resolves `name` to `id` ("": to nothing), which it does soon after the image store changed.
  bool CriFollowsTo(const std::string& name, const std::string& id);

  std::unique_ptr<NodeUnderTest> node_;
};

}  // namespace tagdrift::node
