#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "fake_runtime.h"
#include "tagdrift/node/runtime.h"
#include "values.h"

namespace tagdrift::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::unique_ptr<ContainerdClient> ClientOf(const FakeRuntime& runtime) {
  auto clients = MakeClients(runtime.endpoint());
  EXPECT_TRUE(clients.ok()) << clients.status();
  return std::move(clients->containerd);
}

void AddRecord(FakeRuntime& runtime, const std::string& name, char target) {
  auto* image = runtime.answers().records.add_images();
  image->set_name(name);
  image->mutable_target()->set_digest(IdOf(target));
  image->mutable_target()->set_media_type(std::string(image::kOciIndex));
  image->mutable_target()->set_size(612);
  image->mutable_updated_at()->set_seconds(1'700'000'000);
  image->mutable_updated_at()->set_nanos(5);
  (*image->mutable_labels())["io.cri-containerd.image"] = "managed";
}

image::Digest DigestOfNumber(int i) { return image::Digest::OfBytes(std::to_string(i)); }

using Blobs = std::map<image::Digest, absl::StatusOr<std::string>>;

/// ReadMany of these; what comes twice fails the test.
Blobs ReadAll(ContainerdClient& client, const std::vector<image::Digest>& digests, std::size_t limit) {
  Blobs read;
  auto next = digests.begin();
  client.ReadMany([&] { return next == digests.end() ? std::nullopt : std::optional(*next++); },
                  [&](const image::Digest& digest, absl::StatusOr<std::string> bytes) {
                    EXPECT_TRUE(read.emplace(digest, std::move(bytes)).second) << digest.text();
                  },
                  limit, {});
  return read;
}

TEST(ContainerdClient, ReadsEveryFieldOfARecord) {
  FakeRuntime runtime;
  AddRecord(runtime, "r.io/app:1", '1');
  const auto records = ClientOf(runtime)->ListImages({});
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 1U);
  const ImageRecord& record = records->front();
  EXPECT_EQ(record.name, "r.io/app:1");
  EXPECT_EQ(record.target_digest, IdOf('1'));
  EXPECT_EQ(record.target_media_type, image::kOciIndex);
  EXPECT_EQ(record.target_size, 612);
  EXPECT_THAT(record.labels, ElementsAre(Pair("io.cri-containerd.image", "managed")));
  EXPECT_EQ(record.created_at, std::nullopt);
  EXPECT_EQ(record.updated_at, absl::FromUnixSeconds(1'700'000'000) + absl::Nanoseconds(5));
}

TEST(ContainerdClient, NamesTheKubernetesNamespaceInEveryCall) {
  FakeRuntime runtime;
  runtime.answers().blobs[IdOf('1')] = "x";
  const auto client = ClientOf(runtime);
  const std::pair<const char*, std::function<bool()>> calls[] = {
      {"ListImages", [&] { return client->ListImages({}).ok(); }},
      {"GetImage", [&] { return client->GetImage("x", {}).ok(); }},
      {"Info", [&] { return client->Info(DigestOf('1'), {}).ok(); }},
      {"ReadMany", [&] { return ReadAll(*client, {DigestOf('1')}, 10).at(DigestOf('1')).ok(); }},
      {"ListContent", [&] { return client->ListContent({}, 10, {}).ok(); }},
      {"Read", [&] { return client->Read(DigestOf('1'), 10, {}).ok(); }},
  };
  for (const auto& [name, call] : calls) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(call());
    EXPECT_EQ(runtime.last_namespace(), "k8s.io");
  }
}

TEST(ContainerdClient, ReadsThreeThousandRecordsInAMessageAboveFourMebibytes) {
  FakeRuntime runtime;
  for (int i = 0; i < 3000; ++i) {
    AddRecord(runtime, "r.io/app:" + std::to_string(i), '1');
    (*runtime.answers().records.mutable_images(i)->mutable_labels())["padding"] = std::string(1500, 'x');
  }
  ASSERT_GT(runtime.answers().records.ByteSizeLong(), 4U << 20);
  const auto records = ClientOf(runtime)->ListImages({});
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(records->size(), 3000U);
}

TEST(ContainerdClient, TellsAMissingRecordFromAnError) {
  FakeRuntime runtime;
  AddRecord(runtime, "r.io/app:1", '1');
  const auto client = ClientOf(runtime);
  const auto found = client->GetImage("r.io/app:1", {});
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->target_digest, IdOf('1'));
  const auto missing = client->GetImage("r.io/app:2", {});
  ASSERT_TRUE(missing.ok());
  EXPECT_EQ(*missing, std::nullopt);
  runtime.Stop();
  EXPECT_TRUE(absl::IsUnavailable(client->GetImage("r.io/app:2", {}).status()));
}

TEST(ContainerdClient, ReadsSizeAndLabelsOfABlob) {
  FakeRuntime runtime;
  runtime.answers().blobs[IdOf('1')] = "12345";
  const auto client = ClientOf(runtime);
  const auto info = client->Info(DigestOf('1'), {});
  ASSERT_TRUE(info.ok() && info->has_value());
  EXPECT_EQ((*info)->size, 5);
  EXPECT_THAT((*info)->labels, ElementsAre(Pair("containerd.io/distribution.source.r.io", "app")));
  EXPECT_EQ(*client->Info(DigestOf('2'), {}), std::nullopt);
}

TEST(ContainerdClient, ReadsManyBlobs) {
  FakeRuntime runtime;
  std::vector<image::Digest> digests;
  for (int i = 0; i < 200; ++i) {
    digests.push_back(DigestOfNumber(i));
    // Empty ones, such of one part and of two.
    runtime.answers().blobs[digests.back().text()] = std::string(static_cast<std::size_t>(i) * 500, 'x');
  }
  const auto client = ClientOf(runtime);
  const Blobs read = ReadAll(*client, digests, 1 << 20);
  ASSERT_EQ(read.size(), digests.size());
  for (const auto& [digest, bytes] : read) {
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_EQ(*bytes, runtime.answers().blobs.at(digest.text()));
  }
}

TEST(ContainerdClient, ReadsManyBlobsThatAreLarge) {
  FakeRuntime runtime;
  std::vector<image::Digest> digests;
  for (int i = 0; i < 40; ++i) {
    digests.push_back(DigestOfNumber(i));
    runtime.answers().blobs[digests.back().text()] =
        std::string((i % 2 == 0 ? 1 : 2) << 20, static_cast<char>('a' + i % 26));
  }
  const auto client = ClientOf(runtime);
  const Blobs read = ReadAll(*client, digests, (1 << 20) + 1);
  ASSERT_EQ(read.size(), digests.size());
  for (int i = 0; i < 40; ++i) {
    const absl::StatusOr<std::string>& bytes = read.at(DigestOfNumber(i));
    if (i % 2 == 0) {
      ASSERT_TRUE(bytes.ok()) << bytes.status();
      EXPECT_TRUE(*bytes == runtime.answers().blobs.at(DigestOfNumber(i).text())) << i;
    } else {
      EXPECT_TRUE(absl::IsResourceExhausted(bytes.status())) << bytes.status();
      EXPECT_THAT(std::string(bytes.status().message()), HasSubstr("larger than 1048577 bytes"));
    }
  }
}

TEST(ContainerdClient, TellsOfEachOfManyBlobsWhyItIsNotRead) {
  FakeRuntime runtime;
  runtime.answers().blobs[IdOf('1')] = "x";
  const auto client = ClientOf(runtime);
  const Blobs read = ReadAll(*client, {DigestOf('1'), DigestOf('2')}, 10);
  EXPECT_EQ(*read.at(DigestOf('1')), "x");
  EXPECT_TRUE(absl::IsNotFound(read.at(DigestOf('2')).status()));
  runtime.Stop();
  const Blobs gone = ReadAll(*client, {DigestOf('1'), DigestOf('2')}, 10);
  ASSERT_EQ(gone.size(), 2U);
  for (const auto& [digest, bytes] : gone) EXPECT_TRUE(absl::IsUnavailable(bytes.status())) << bytes.status();
}

TEST(ContainerdClient, ReadsNothingWhereNothingIsNamed) {
  FakeRuntime runtime;
  EXPECT_TRUE(ReadAll(*ClientOf(runtime), {}, 10).empty());
}

TEST(ContainerdClient, ListsBlobsThatComeInSeveralParts) {
  FakeRuntime runtime;
  for (int i = 0; i < 1000; ++i) runtime.answers().blobs[DigestOfNumber(i).text()] = "x";
  const auto listing = ClientOf(runtime)->ListContent({DigestOfNumber(7), DigestOf('1')}, 1000, {});
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_EQ(listing->size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(listing->Has(DigestOfNumber(i))) << i;
  EXPECT_FALSE(listing->Has(DigestOf('1')));
  EXPECT_EQ(listing->LabelsOf(DigestOf('1')), nullptr);
  EXPECT_EQ(listing->LabelsOf(DigestOfNumber(8)), nullptr) << "its labels were not wanted";
  ASSERT_NE(listing->LabelsOf(DigestOfNumber(7)), nullptr);
  EXPECT_THAT(*listing->LabelsOf(DigestOfNumber(7)),
              ElementsAre(Pair("containerd.io/distribution.source.r.io", "app")));
}

TEST(ContainerdClient, StopsListingMoreBlobsThanTheLimit) {
  FakeRuntime runtime;
  for (int i = 0; i < 1000; ++i) runtime.answers().blobs[DigestOfNumber(i).text()] = "x";
  const absl::Status status = ClientOf(runtime)->ListContent({}, 999, {}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("more than 999 blobs"));
}

TEST(ContainerdClient, TakesNoListingThatFailsHalfWay) {
  FakeRuntime runtime;
  runtime.answers().blobs[IdOf('1')] = "x";
  runtime.answers().content_list_end = {grpc::StatusCode::INTERNAL, "database is locked"};
  const absl::Status status = ClientOf(runtime)->ListContent({}, 10, {}).status();
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("database is locked"));
}

TEST(ContainerdClient, ReadsABlobThatComesInPieces) {
  FakeRuntime runtime;
  const std::string blob = std::string(100'000, 'a') + std::string(100'000, 'b');
  runtime.answers().blobs[IdOf('1')] = blob;
  const auto client = ClientOf(runtime);
  EXPECT_EQ(*client->Read(DigestOf('1'), blob.size(), {}), blob);
  EXPECT_TRUE(absl::IsNotFound(client->Read(DigestOf('2'), 10, {}).status()));
}

TEST(ContainerdClient, ReadsAnEmptyBlob) {
  FakeRuntime runtime;
  runtime.answers().blobs[IdOf('1')] = "";
  EXPECT_EQ(*ClientOf(runtime)->Read(DigestOf('1'), 0, {}), "");
}

TEST(ContainerdClient, StopsReadingABlobAboveTheLimit) {
  FakeRuntime runtime;
  runtime.answers().blobs[IdOf('1')] = std::string(50'000'000, 'x');
  const auto client = ClientOf(runtime);
  const absl::Status status = client->Read(DigestOf('1'), 100'000, {}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("larger than 100000 bytes"));
  runtime.answers().blobs[IdOf('1')] = "small";
  EXPECT_EQ(*client->Read(DigestOf('1'), 100'000, {}), "small");
}

TEST(ContainerdClient, SaysThatARuntimeHasNoImageStore) {
  FakeRuntime runtime(FakeRuntime::Services::kOnlyCri);
  const auto client = ClientOf(runtime);
  for (const absl::Status& status :
       {client->ListImages({}).status(), client->Version({}).status(), client->Info(DigestOf('1'), {}).status(),
        client->ListContent({}, 1, {}).status(), client->Read(DigestOf('1'), 1, {}).status()}) {
    EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("the runtime does not offer this service"));
  }
}

}  // namespace
}  // namespace tagdrift::node
