#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "fake_runtime.h"
#include "tagdrift/node/runtime.h"
#include "values.h"

namespace tagdrift::node {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

std::unique_ptr<CriClient> CriClientOf(const FakeRuntime& runtime,
                                       std::chrono::nanoseconds limit = std::chrono::seconds(30)) {
  auto clients = MakeClients(runtime.endpoint(), limit);
  EXPECT_TRUE(clients.ok()) << clients.status();
  return std::move(clients->cri);
}

TEST(CriClient, ReadsTheVersion) {
  FakeRuntime runtime;
  const auto version = CriClientOf(runtime)->Version({});
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(version->runtime_name, "containerd");
  EXPECT_EQ(version->runtime_version, "1.6.20~ds1");
  EXPECT_EQ(version->api_version, "v1");
}

TEST(CriClient, AsksForTheVerboseStatus) {
  FakeRuntime runtime;
  auto* condition = runtime.answers().runtime_status.mutable_status()->add_conditions();
  condition->set_type("RuntimeReady");
  condition->set_status(true);
  (*runtime.answers().runtime_status.mutable_info())["config"] = "{}";
  const auto status = CriClientOf(runtime)->Status({});
  ASSERT_TRUE(status.ok());
  ASSERT_EQ(status->conditions.size(), 1U);
  EXPECT_EQ(status->conditions[0].type, "RuntimeReady");
  EXPECT_TRUE(status->conditions[0].status);
  EXPECT_THAT(status->info, ElementsAre(Pair("config", "{}")));
}

TEST(CriClient, ReadsEveryFieldOfAnImage) {
  FakeRuntime runtime;
  auto* image = runtime.answers().images.add_images();
  image->set_id(IdOf('c'));
  image->add_repo_tags("r.io/app:1");
  image->add_repo_digests("r.io/app@" + IdOf('1'));
  image->set_size(42);
  image->set_pinned(true);
  const auto images = CriClientOf(runtime)->ListImages({});
  ASSERT_TRUE(images.ok());
  ASSERT_EQ(images->size(), 1U);
  EXPECT_EQ(images->front().id, IdOf('c'));
  EXPECT_THAT(images->front().repo_tags, ElementsAre("r.io/app:1"));
  EXPECT_THAT(images->front().repo_digests, ElementsAre("r.io/app@" + IdOf('1')));
  EXPECT_EQ(images->front().size_bytes, 42);
  EXPECT_TRUE(images->front().pinned);
}

TEST(CriClient, ReadsThreeThousandImagesInAMessageAboveFourMebibytes) {
  FakeRuntime runtime;
  for (int i = 0; i < 3000; ++i) {
    auto* image = runtime.answers().images.add_images();
    image->set_id(IdOf('c'));
    image->add_repo_tags("r.io/app:" + std::to_string(i));
    for (int j = 0; j < 20; ++j) image->add_repo_digests("r.io/app@" + IdOf('1'));
  }
  ASSERT_GT(runtime.answers().images.ByteSizeLong(), 4U << 20);
  const auto images = CriClientOf(runtime)->ListImages({});
  ASSERT_TRUE(images.ok()) << images.status();
  EXPECT_EQ(images->size(), 3000U);
}

TEST(CriClient, RefusesAMessageAboveItsLimit) {
  FakeRuntime runtime;
  runtime.answers().images.add_images()->set_id(std::string(65 << 20, 'x'));
  const absl::Status status = CriClientOf(runtime)->ListImages({}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("listing the runtime's images: the answer is larger than 64 MiB"));
}

TEST(CriClient, TellsAnUnknownImageFromAnError) {
  FakeRuntime runtime;
  runtime.answers().image_status["r.io/app:1"].set_id(IdOf('c'));
  const auto client = CriClientOf(runtime);
  const auto known = client->ImageStatus("r.io/app:1", {});
  ASSERT_TRUE(known.ok() && known->has_value());
  EXPECT_EQ((*known)->id, IdOf('c'));
  const auto unknown = client->ImageStatus("r.io/app:2", {});
  ASSERT_TRUE(unknown.ok());
  EXPECT_EQ(*unknown, std::nullopt);
  runtime.answers().status = {grpc::StatusCode::NOT_FOUND, "no such image"};
  EXPECT_EQ(*client->ImageStatus("r.io/app:2", {}), std::nullopt);
  runtime.answers().status = {grpc::StatusCode::INTERNAL, "disk on fire"};
  EXPECT_THAT(std::string(client->ImageStatus("r.io/app:2", {}).status().message()),
              AllOf(HasSubstr("r.io/app:2"), HasSubstr("disk on fire")));
}

TEST(CriClient, ReadsContainersOfEveryState) {
  FakeRuntime runtime;
  for (const auto state : {runtime::v1::CONTAINER_CREATED, runtime::v1::CONTAINER_RUNNING,
                           runtime::v1::CONTAINER_EXITED, runtime::v1::CONTAINER_UNKNOWN}) {
    auto* container = runtime.answers().containers.add_containers();
    container->set_id("x");
    container->set_pod_sandbox_id("s");
    container->mutable_metadata()->set_name("main");
    container->mutable_image()->set_image(IdOf('c'));
    container->mutable_image()->set_user_specified_image("app:1");
    container->set_image_ref(IdOf('c'));
    container->set_state(state);
    (*container->mutable_labels())["a"] = "b";
  }
  runtime.answers().containers.add_containers()->set_state(static_cast<runtime::v1::ContainerState>(9));
  const auto containers = CriClientOf(runtime)->ListContainers({});
  ASSERT_TRUE(containers.ok());
  std::vector<std::string> states;
  for (const CriContainer& container : *containers) states.push_back(container.state);
  EXPECT_THAT(states, ElementsAre("created", "running", "exited", "unknown", "unknown"));
  const CriContainer& first = containers->front();
  EXPECT_EQ(first.sandbox_id, "s");
  EXPECT_EQ(first.name, "main");
  EXPECT_EQ(first.image, IdOf('c'));
  EXPECT_EQ(first.user_specified_image, "app:1");
  EXPECT_EQ(first.image_ref, IdOf('c'));
  EXPECT_THAT(first.labels, ElementsAre(Pair("a", "b")));
}

TEST(CriClient, PrefersTheKubernetesLabelsOfASandbox) {
  FakeRuntime runtime;
  auto* labelled = runtime.answers().sandboxes.add_items();
  labelled->set_id("s");
  labelled->mutable_metadata()->set_name("from-metadata");
  labelled->mutable_metadata()->set_namespace_("from-metadata");
  labelled->mutable_metadata()->set_uid("u");
  (*labelled->mutable_labels())["io.kubernetes.pod.name"] = "web-0";
  (*labelled->mutable_labels())["io.kubernetes.pod.namespace"] = "shop";
  const auto sandboxes = CriClientOf(runtime)->ListPodSandbox({});
  ASSERT_TRUE(sandboxes.ok());
  ASSERT_EQ(sandboxes->size(), 1U);
  EXPECT_EQ(sandboxes->front().id, "s");
  EXPECT_EQ(sandboxes->front().pod_name, "web-0");
  EXPECT_EQ(sandboxes->front().pod_namespace, "shop");
  EXPECT_EQ(sandboxes->front().pod_uid, "u");
}

TEST(CriClient, ReadsTheImageFileSystem) {
  FakeRuntime runtime;
  auto* usage = runtime.answers().filesystems.add_image_filesystems();
  usage->mutable_fs_id()->set_mountpoint("/var/lib/containerd");
  usage->mutable_used_bytes()->set_value(7);
  const auto filesystems = CriClientOf(runtime)->ImageFsInfo({});
  ASSERT_TRUE(filesystems.ok());
  ASSERT_EQ(filesystems->size(), 1U);
  EXPECT_EQ(filesystems->front().mountpoint, "/var/lib/containerd");
  EXPECT_EQ(filesystems->front().used_bytes, 7);
}

TEST(CriClient, EndsASlowCallAtItsDeadline) {
  FakeRuntime runtime;
  std::promise<void> release;
  runtime.answers().release = release.get_future().share();
  const absl::Status status = CriClientOf(runtime, std::chrono::milliseconds(300))->ListImages({}).status();
  release.set_value();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(status.message(), "listing the runtime's images: no answer within 300ms");
}

TEST(CriClient, SaysThatTheRuntimeIsGone) {
  FakeRuntime runtime;
  const auto client = CriClientOf(runtime);
  runtime.Stop();
  const absl::Status status = client->ListImages({}).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(status.message(), "listing the runtime's images: the runtime closed the connection or is not running");
}

TEST(CriClient, TellsRefusalsInOneClearLine) {
  struct Case {
    const char* name;
    grpc::Status status;
    const char* says;
  };
  const Case cases[] = {
      {"unauthenticated", {grpc::StatusCode::UNAUTHENTICATED, "token"}, "is it the right socket?"},
      {"denied", {grpc::StatusCode::PERMISSION_DENIED, "no"}, "run as root"},
      {"unimplemented", {grpc::StatusCode::UNIMPLEMENTED, "unknown method"}, "does not offer"},
      {"runtime's words", {grpc::StatusCode::UNKNOWN, "first\nsecond"}, ": first"},
      {"no words", {grpc::StatusCode::INTERNAL, ""}, "gave no reason"},
      {"long words", {grpc::StatusCode::INTERNAL, std::string(5000, 'x')}, "xxx"},
  };
  FakeRuntime runtime;
  const auto client = CriClientOf(runtime);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    runtime.answers().status = c.status;
    const absl::Status status = client->ListContainers({}).status();
    EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(c.status.error_code()));
    const std::string message(status.message());
    EXPECT_THAT(message, AllOf(HasSubstr("listing containers: "), HasSubstr(c.says), Not(HasSubstr("\n"))));
    EXPECT_LT(message.size(), 400U);
  }
}

}  // namespace
}  // namespace tagdrift::node
