#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_containerd.h"
#include "fake_cri.h"
#include "values.h"

namespace tagdrift::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ReadNode, JoinsWhatBothServicesSay) {
  FakeContainerd containerd;
  FakeCri cri;
  containerd.records = {Record("r.io/app:1", '1')};
  cri.images = {Image('c', {"r.io/app:1"}, {})};
  cri.containers = {Container("x", IdOf('c'), 'c')};
  const auto node = ReadNode(cri, containerd, cri.version, true, {});
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(node->runtime.name, "containerd");
  EXPECT_EQ(node->runtime.version, "1.6.20~ds1");
  EXPECT_TRUE(node->runtime.has_image_store);
  EXPECT_EQ(node->platform.os, "linux");
  EXPECT_NE(node->platform.architecture, "");
  EXPECT_NE(node->name, "");
  ASSERT_THAT(References(*node), ElementsAre("r.io/app:1"));
  EXPECT_THAT(Uses(node->images[0]), ElementsAre("x/same image"));
  EXPECT_THAT(node->notes, IsEmpty());
}

TEST(ReadNode, GoesByTheCriAloneWhenTheImageStoreCannotBeRead) {
  FakeContainerd containerd;
  FakeCri cri;
  containerd.error = absl::UnimplementedError("listing: not offered");
  cri.version = {"cri-o", "1.30.0", "v1"};
  cri.images = {Image('c', {"r.io/app:1"}, {"r.io/app@" + IdOf('1')})};
  const auto node = ReadNode(cri, containerd, cri.version, true, {});
  ASSERT_TRUE(node.ok());
  EXPECT_FALSE(node->runtime.has_image_store);
  EXPECT_EQ(node->runtime.store_error, "listing: not offered");
  EXPECT_EQ(node->images.at(0).target, DigestOf('1'));
  EXPECT_THAT(node->notes, ElementsAre(HasSubstr("listing: not offered")));
}

TEST(ReadNode, AsksForNoContainersWhenTheyAreNotWanted) {
  FakeContainerd containerd;
  FakeCri cri;
  cri.containers_error = absl::UnavailableError("gone");
  EXPECT_TRUE(ReadNode(cri, containerd, cri.version, false, {}).ok());
  EXPECT_EQ(cri.container_lists, 0);
}

TEST(ReadNode, ReadsTheRecordedNameWhereTheCriKeepsOnlyTheImageId) {
  FakeContainerd containerd;
  FakeCri cri;
  containerd.containers = {{"x", "r.io/app:1"}, {"other", "r.io/app:2"}};
  cri.containers = {Container("x", IdOf('c'), 'c'), Container("y", IdOf('c'), 'c')};
  auto node = ReadNode(cri, containerd, cri.version, true, {});
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->containers[0].recorded_image, "r.io/app:1");
  EXPECT_EQ(node->containers[1].recorded_image, "");
  containerd.containers_error = absl::PermissionDeniedError("no");
  EXPECT_TRUE(ReadNode(cri, containerd, cri.version, true, {}).ok()) << "a hint, no more";

  containerd.container_lists = 0;
  for (CriContainer& container : cri.containers) container.user_specified_image = "r.io/app:1";
  EXPECT_TRUE(ReadNode(cri, containerd, cri.version, true, {}).ok());
  EXPECT_EQ(containerd.container_lists, 0) << "nobody needs it";
}

TEST(ReadNode, FailsWhenTheCriCannotBeAsked) {
  FakeContainerd containerd;
  FakeCri cri;
  cri.containers_error = absl::UnavailableError("gone");
  EXPECT_TRUE(absl::IsUnavailable(ReadNode(cri, containerd, cri.version, true, {}).status()));
  cri.images_error = absl::DeadlineExceededError("slow");
  EXPECT_TRUE(absl::IsDeadlineExceeded(ReadNode(cri, containerd, cri.version, false, {}).status()));
}

}  // namespace
}  // namespace tagdrift::node
