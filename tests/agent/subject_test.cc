#include "tagdrift/agent/subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tagdrift::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

facts::CachedImage ImageUsedBy(const std::string& reference, const std::string& used_by_pod = "") {
  facts::CachedImage image{.reference = *image::Reference::Parse(reference)};
  image.target = image::Digest::OfBytes(reference);
  if (!used_by_pod.empty()) image.used_by.push_back({.id = "c", .pod_namespace = "shop", .pod_name = used_by_pod});
  return image;
}

facts::Container ContainerOf(const std::string& pod, const std::string& asked_for = "") {
  facts::Container container{.id = "c-" + pod, .name = "app", .pod_namespace = "shop", .pod_name = pod};
  container.user_specified_image = asked_for;
  return container;
}

facts::Node Node() {
  facts::Node node;
  node.images = {ImageUsedBy("docker.io/library/nginx:1.25"), ImageUsedBy("registry.corp/shop/app:v1", "web-0"),
                 ImageUsedBy("registry.corp/shop/app:v2", "web-1")};
  node.containers = {ContainerOf("web-0"), ContainerOf("web-1")};
  return node;
}

std::vector<std::string> NamesOf(const FoundSubject& found) {
  std::vector<std::string> names;
  for (const facts::CachedImage& image : found.images) {
    names.push_back(image.reference.Canonical() + (image.IsCached() ? "" : " (not here)"));
  }
  return names;
}

FoundSubject Find(const Subject& subject, const facts::Node& node = Node()) {
  const auto found = FindSubject(subject, node);
  EXPECT_TRUE(found.ok()) << found.status();
  return found.value_or(FoundSubject{});
}

std::string ErrorOf(const Subject& subject, const facts::Node& node = Node()) {
  const auto found = FindSubject(subject, node);
  EXPECT_TRUE(absl::IsNotFound(found.status())) << found.status();
  return std::string(found.status().message());
}

TEST(Subject, IsACachedTagByAnyOfItsNames) {
  EXPECT_THAT(NamesOf(Find({"nginx:1.25"})), ElementsAre("docker.io/library/nginx:1.25"));
}

TEST(Subject, IsThePodWhereOneOfThatNameIsOnThisNode) {
  const FoundSubject found = Find({"shop/web-0"});
  EXPECT_EQ(found.pod, (report::PodName{"shop", "web-0"}));
  EXPECT_THAT(NamesOf(found), ElementsAre("registry.corp/shop/app:v1"));
}

TEST(Subject, IsTheTagWhereATagAndAPodAreCalledSo) {
  facts::Node node = Node();
  node.images.push_back(ImageUsedBy("docker.io/shop/web-0:latest"));
  EXPECT_FALSE(Find({"shop/web-0"}, node).pod);
  EXPECT_THAT(NamesOf(Find({"shop/web-0"}, node)), ElementsAre("docker.io/shop/web-0:latest"));
  EXPECT_TRUE(Find({"shop/web-0", true}, node).pod);
}

TEST(Subject, OfAPodHasWhatItsSpecNamesAlsoWhereItIsNotHere) {
  facts::Node node = Node();
  facts::Pod pod{.namespace_name = "shop", .name = "web-2", .uid = "u", .phase = "Pending"};
  pod.containers = {{.name = "app", .role = facts::ContainerRole::kMain, .image = "registry.corp/shop/app:v3"},
                    {.name = "side", .role = facts::ContainerRole::kMain, .image = "nginx:1.25"}};
  node.pods.pods = {pod};
  EXPECT_THAT(NamesOf(Find({"shop/web-2"}, node)),
              ElementsAre("docker.io/library/nginx:1.25", "registry.corp/shop/app:v3 (not here)"));
}

TEST(Subject, OfAPodHasWhatItsContainersAskedForAlthoughTheTagHasMoved) {
  facts::Node node = Node();
  node.images[1].used_by.clear();
  node.containers[0] = ContainerOf("web-0", "registry.corp/shop/app:v1");
  EXPECT_THAT(NamesOf(Find({"shop/web-0"}, node)), ElementsAre("registry.corp/shop/app:v1"));
}

TEST(Subject, IsAReferenceThatIsNotHereWithTheTagsThatAre) {
  const FoundSubject found = Find({"registry.corp/shop/app"});
  EXPECT_THAT(NamesOf(found), ElementsAre("registry.corp/shop/app:latest (not here)"));
  EXPECT_THAT(found.similar_names, ElementsAre("registry.corp/shop/app:v1", "registry.corp/shop/app:v2"));
}

// Otherwise a public registry would be asked about the name of a pod.
TEST(Subject, IsNoReferenceWhereThePodsNameIsMistyped) {
  EXPECT_EQ(ErrorOf({"shop/wbe-0"}),
            "no pod shop/wbe-0 is on this node; here are shop/web-0; an image of that name is "
            "docker.io/shop/wbe-0:latest");
  EXPECT_THAT(ErrorOf({"shpo/web-1"}), HasSubstr("here are shop/web-1"));
  EXPECT_THAT(ErrorOf({"shop/cart-7d9c-x"}), HasSubstr("here are shop/web-0, shop/web-1"));
}

TEST(Subject, IsNoReferenceWhereAPodIsCalledSo) {
  EXPECT_EQ(
      ErrorOf({"web-0", false}),
      "'web-0' is no NAMESPACE/POD; here are shop/web-0; an image of that name is docker.io/library/web-0:latest");
}

TEST(Subject, MeantAsAPodIsNoReference) {
  EXPECT_EQ(ErrorOf({"bank/ledger-0", true}), "no pod bank/ledger-0 is on this node");
}

TEST(Subject, IsRefusedWhereItCanBeNeither) {
  EXPECT_THAT(std::string(CheckSubject({"a b"}).message()), HasSubstr("'a b' is neither"));
  EXPECT_THAT(std::string(CheckSubject({"registry.corp/*"}).message()), HasSubstr("'registry.corp/*'"));
  EXPECT_THAT(std::string(CheckSubject({"web-0", true}).message()), HasSubstr("write NAMESPACE/NAME"));
  EXPECT_TRUE(CheckSubject({"shop/web-0", true}).ok());
}

TEST(Subject, ThatIsAPodLeavesOtherPodsOut) {
  facts::Node node = Node();
  node.sandboxes = {{.id = "s", .pod_namespace = "shop", .pod_name = "web-1"}};
  KeepPod({"shop", "web-1"}, node);
  ASSERT_EQ(node.containers.size(), 1U);
  EXPECT_EQ(node.containers[0].pod_name, "web-1");
  EXPECT_EQ(node.sandboxes.size(), 1U);
}

}  // namespace
}  // namespace tagdrift::agent
