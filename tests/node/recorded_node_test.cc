#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "google/protobuf/util/json_util.h"
#include "node/cri_messages.h"
#include "values.h"

namespace tagdrift::node {
namespace {

using testing::ElementsAre;

/// A message of the CRI from its recorded JSON.
template <typename Message>
Message Recorded(const std::string& file) {
  std::ifstream stream(std::string(TAGDRIFT_TEST_DATA) + "/kubelet-1.20-containerd-1.6/" + file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  Message message;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text, &message, options).ok()) << file;
  return message;
}

Snapshot RecordedSnapshot() {
  Snapshot snapshot;
  const auto images = Recorded<runtime::v1::ListImagesResponse>("cri-images.json");
  for (const auto& image : images.images()) snapshot.cri_images.push_back(FromMessage(image));
  const auto containers = Recorded<runtime::v1::ListContainersResponse>("cri-containers.json");
  for (const auto& container : containers.containers()) snapshot.containers.push_back(FromMessage(container));
  const auto sandboxes = Recorded<runtime::v1::ListPodSandboxResponse>("cri-sandboxes.json");
  for (const auto& sandbox : sandboxes.items()) snapshot.sandboxes.push_back(FromMessage(sandbox));
  return snapshot;
}

TEST(RecordedNode, PairsBothTags) {
  const facts::Node node = Join(RecordedSnapshot());
  ASSERT_THAT(References(node), ElementsAre("127.0.0.1:5001/pause:3.6", "registry.test/team/app:latest"));
  EXPECT_EQ(node.images[1].target->text(), "sha256:94ca65e6caf03b91d0df1e52179fedd472840d665dc326bdbe9d5eacb92cba17");
  EXPECT_EQ(node.images[1].cri_image_id, "sha256:ee9163fc04da379b174277f1c09c80d1324748d5817c19a4a2298e3e9350651e");
  EXPECT_EQ(node.images[1].size_bytes, 1084807);
}

TEST(RecordedNode, FindsTheUsersByImageIdWhereTheKubeletCreatedTheContainerById) {
  const facts::Node node = Join(RecordedSnapshot());
  const facts::CachedImage* app = Find(node, "registry.test/team/app:latest");
  ASSERT_NE(app, nullptr);
  std::vector<std::string> users;
  for (const facts::ContainerUse& use : app->used_by) {
    const bool requested = use.basis == facts::UseBasis::kRequested;
    users.push_back(use.pod_namespace + "/" + use.pod_name + "/" + use.name + " " + use.state +
                    (requested ? " requested" : " same image"));
  }
  EXPECT_THAT(users, ElementsAre("shop/web-0/app exited requested", "shop/web-node-a/app running same image",
                                 "shop/web-node-a/init exited same image", "shop/web-node-a/side running same image"));
}

TEST(RecordedNode, TakesThePodsUidFromTheSandboxWhereTheContainerHasNone) {
  const facts::Node node = Join(RecordedSnapshot());
  EXPECT_EQ(Find(node, "registry.test/team/app:latest")->used_by.at(0).pod_uid, "u1");
}

}  // namespace
}  // namespace tagdrift::node
