#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "values.h"

namespace tagdrift::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Tags 1 and stable over image c, tag 2 over image d, and digest names of both.
Snapshot TwoImages() {
  Snapshot snapshot;
  snapshot.records = {Record("r.io/app:1", '1'), Record("r.io/app:stable", '1'), Record("r.io/app:2", '2'),
                      Record("r.io/app@" + IdOf('1'), '1'), Record("r.io/app@" + IdOf('2'), '2')};
  snapshot.cri_images = {Image('c', {"r.io/app:1", "r.io/app:stable"}, {"r.io/app@" + IdOf('1')}),
                         Image('d', {"r.io/app:2"}, {"r.io/app@" + IdOf('2')})};
  return snapshot;
}

CriContainer Asking(const std::string& id, const std::string& text, char image_id) {
  CriContainer container = Container(id, IdOf(image_id), image_id);
  container.user_specified_image = text;
  return container;
}

TEST(JoinUses, GoToTheTagThatThePodSpecNames) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Asking("x", "r.io/app:1", 'c')};
  const facts::Node node = Join(snapshot);
  EXPECT_THAT(Uses(*Find(node, "r.io/app:1")), ElementsAre("x/requested"));
  EXPECT_THAT(Uses(*Find(node, "r.io/app:stable")), IsEmpty());
}

TEST(JoinUses, GoToTheAskedTagAlsoWhenItHasMovedToAnotherImage) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Asking("x", "r.io/app:2", 'c')};
  const facts::Node node = Join(snapshot);
  EXPECT_THAT(Uses(*Find(node, "r.io/app:2")), ElementsAre("x/requested"));
  EXPECT_THAT(Uses(*Find(node, "r.io/app:1")), IsEmpty());
}

TEST(JoinUses, NormaliseThePodSpecsText) {
  Snapshot snapshot;
  snapshot.records = {Record("docker.io/library/nginx:latest", '1')};
  snapshot.containers = {Asking("x", "nginx", 'c')};
  EXPECT_THAT(Uses(*Find(Join(snapshot), "docker.io/library/nginx:latest")), ElementsAre("x/requested"));
}

TEST(JoinUses, MakeADigestNameAnEntryWhenAContainerAskedForIt) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Asking("x", "r.io/app:1@" + IdOf('2'), 'd')};
  const facts::Node node = Join(snapshot);
  const facts::CachedImage* image = Find(node, "r.io/app@" + IdOf('2'));
  ASSERT_NE(image, nullptr);
  EXPECT_THAT(Uses(*image), ElementsAre("x/requested"));
  EXPECT_EQ(image->target, DigestOf('2'));
  EXPECT_EQ(image->cri_image_id, IdOf('d'));
  EXPECT_THAT(Uses(*Find(node, "r.io/app:1")), IsEmpty());
  EXPECT_EQ(Find(node, "r.io/app@" + IdOf('1')), nullptr);
}

TEST(JoinUses, GoToEveryTagOfTheImageWhenTheAskedNameIsUnknown) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Container("x", IdOf('c'), 'c')};
  const facts::Node node = Join(snapshot);
  EXPECT_THAT(Uses(*Find(node, "r.io/app:1")), ElementsAre("x/same image"));
  EXPECT_THAT(Uses(*Find(node, "r.io/app:stable")), ElementsAre("x/same image"));
  EXPECT_THAT(Uses(*Find(node, "r.io/app:2")), IsEmpty());
}

TEST(JoinUses, TakeATagTextGivenAtCreationForTheAskedName) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Container("x", "r.io/app:stable", 'c')};
  const facts::Node node = Join(snapshot);
  EXPECT_THAT(Uses(*Find(node, "r.io/app:stable")), ElementsAre("x/requested"));
  EXPECT_THAT(Uses(*Find(node, "r.io/app:1")), IsEmpty());
}

TEST(JoinUses, LeaveOutAContainerWhoseAskedNameIsNotInTheStore) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Asking("x", "r.io/app:gone", 'c')};
  const facts::Node node = Join(snapshot);
  for (const facts::CachedImage& image : node.images) EXPECT_THAT(image.used_by, IsEmpty());
}

TEST(JoinUses, TakeTheFirstDigitsOfAnIdForTheId) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Container("x", "cccccc", 'c')};
  EXPECT_THAT(Uses(*Find(Join(snapshot), "r.io/app:1")), ElementsAre("x/same image"));
}

TEST(JoinUses, PreferANameThatLooksLikeTheFirstDigitsOfAnId) {
  Snapshot snapshot;
  snapshot.records = {Record("docker.io/library/cccc:latest", '1'), Record("r.io/app:1", '2')};
  snapshot.cri_images = {Image('c', {"r.io/app:1", "docker.io/library/cccc:latest"}, {})};
  snapshot.containers = {Container("x", "cccc", 'c')};
  const facts::Node node = Join(snapshot);
  EXPECT_THAT(Uses(*Find(node, "docker.io/library/cccc:latest")), ElementsAre("x/requested"));
  EXPECT_THAT(Uses(*Find(node, "r.io/app:1")), IsEmpty());
}

TEST(JoinUses, FallBackToTheImageWhenThePodSpecsTextIsNoReference) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Asking("x", "Not A Reference", 'd')};
  EXPECT_THAT(Uses(*Find(Join(snapshot), "r.io/app:2")), ElementsAre("x/same image"));
}

TEST(JoinUses, FindTheImageOfARuntimeThatGivesADigestNameForTheId) {
  Snapshot snapshot;
  snapshot.cri_images = {Image('c', {"r.io/app:1"}, {"r.io/app@" + IdOf('1')})};
  snapshot.cri_images[0].id = std::string(64, 'c');
  CriContainer container = Container("x", std::string(64, 'c'), 'c');
  container.image_ref = "r.io/app@" + IdOf('1');
  snapshot.containers = {container};
  EXPECT_THAT(Uses(*Find(Join(snapshot), "r.io/app:1")), ElementsAre("x/same image"));
}

TEST(JoinUses, CountContainersOfAnyState) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Asking("x", "r.io/app:1", 'c')};
  snapshot.containers[0].state = "exited";
  EXPECT_EQ(Find(Join(snapshot), "r.io/app:1")->used_by.at(0).state, "exited");
}

TEST(JoinUses, TakePodNamesFromTheContainersLabels) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Asking("x", "r.io/app:1", 'c')};
  snapshot.containers[0].sandbox_id = "s";
  snapshot.containers[0].labels = {{"io.kubernetes.pod.name", "web-0"}, {"io.kubernetes.pod.namespace", "shop"}};
  snapshot.sandboxes = {{"s", "other", "elsewhere", "uid-1"}};
  const facts::ContainerUse use = Find(Join(snapshot), "r.io/app:1")->used_by.at(0);
  EXPECT_EQ(use.pod_name, "web-0");
  EXPECT_EQ(use.pod_namespace, "shop");
  EXPECT_EQ(use.pod_uid, "uid-1");
  EXPECT_EQ(use.name, "main");
}

TEST(JoinUses, TakePodNamesFromTheSandboxWhenThereAreNoLabels) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Asking("x", "r.io/app:1", 'c')};
  snapshot.containers[0].sandbox_id = "s";
  snapshot.sandboxes = {{"t", "wrong", "wrong", "wrong"}, {"s", "web-1", "shop", "uid-2"}};
  const facts::ContainerUse use = Find(Join(snapshot), "r.io/app:1")->used_by.at(0);
  EXPECT_EQ(use.pod_name, "web-1");
  EXPECT_EQ(use.pod_namespace, "shop");
  EXPECT_EQ(use.pod_uid, "uid-2");
}

TEST(JoinUses, HaveNoPodWhenNeitherLabelsNorSandboxAreKnown) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Asking("x", "r.io/app:1", 'c')};
  EXPECT_EQ(Find(Join(snapshot), "r.io/app:1")->used_by.at(0).pod_name, "");
}

TEST(JoinUses, AreSortedByPodAndContainer) {
  Snapshot snapshot = TwoImages();
  snapshot.containers = {Asking("z", "r.io/app:1", 'c'), Asking("y", "r.io/app:1", 'c'),
                         Asking("x", "r.io/app:1", 'c')};
  snapshot.containers[0].labels = {{"io.kubernetes.pod.namespace", "a"}};
  snapshot.containers[1].labels = {{"io.kubernetes.pod.namespace", "b"}};
  snapshot.containers[2].labels = {{"io.kubernetes.pod.namespace", "b"}};
  EXPECT_THAT(Uses(*Find(Join(snapshot), "r.io/app:1")), ElementsAre("z/requested", "x/requested", "y/requested"));
}

}  // namespace
}  // namespace tagdrift::node
