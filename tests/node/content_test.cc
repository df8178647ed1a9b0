#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <set>
#include <stop_token>

#include "fake_containerd.h"
#include "tagdrift/image/platform_walk.h"
#include "values.h"

namespace tagdrift::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kManifestType(image::kOciManifest);
const std::string kIndexType(image::kOciIndex);

image::Platform Amd64() { return {"linux", "amd64", "", {}}; }

std::string ConfigJson(const std::string& architecture) {
  return R"({"os":"linux","architecture":")" + architecture + R"(","created":"2024-01-02T03:04:05Z"})";
}

std::string DescriptorJson(const std::string& type, const image::Digest& digest, const std::string& more = "") {
  return R"({"mediaType":")" + type + R"(","digest":")" + digest.text() + R"(","size":10)" + more + "}";
}

std::string ManifestJson(const image::Digest& config) {
  return R"({"schemaVersion":2,"mediaType":")" + kManifestType + R"(","config":)" +
         DescriptorJson("application/vnd.oci.image.config.v1+json", config) + R"(,"layers":[]})";
}

std::string PlatformJson(const std::string& architecture) {
  return R"(,"platform":{"os":"linux","architecture":")" + architecture + R"("})";
}

std::string IndexJson(const std::string& entries) {
  return R"({"schemaVersion":2,"mediaType":")" + kIndexType + R"(","manifests":[)" + entries + "]}";
}

/// A store with one image per architecture under one index.
struct Store {
  FakeContainerd containerd;
  image::Digest config = containerd.Add(ConfigJson("amd64"));
  image::Digest manifest = containerd.Add(ManifestJson(config));
  image::Digest arm_config = containerd.Add(ConfigJson("arm64"));
  image::Digest arm_manifest = containerd.Add(ManifestJson(arm_config));
  image::Digest index = containerd.Add(IndexJson(DescriptorJson(kManifestType, arm_manifest, PlatformJson("arm64")) +
                                                 "," + DescriptorJson(kManifestType, manifest, PlatformJson("amd64"))));

  facts::CachedImage Tag(const image::Digest& target, const std::string& type,
                         const std::string& reference = "r.io/team/app:1") {
    facts::CachedImage image{Ref(reference)};
    image.target = target;
    image.media_type = type;
    return image;
  }

  facts::CachedImage Read(facts::CachedImage image) {
    ContentReader reader(&containerd);
    const absl::Status status = ReadContent(reader, Amd64(), image, {});
    EXPECT_TRUE(status.ok()) << status;
    return image;
  }
};

TEST(ReadContent, FollowsAManifestToItsConfig) {
  Store store;
  const facts::CachedImage image = store.Read(store.Tag(store.manifest, kManifestType));
  ASSERT_TRUE(image.stored);
  EXPECT_EQ(image.stored->id, store.config);
  EXPECT_EQ(image.stored->manifest, store.manifest);
  EXPECT_EQ(image.stored->platform->architecture, "amd64");
  EXPECT_EQ(absl::FormatTime(*image.stored->created, absl::UTCTimeZone()), "2024-01-02T03:04:05+00:00");
  EXPECT_EQ(image.stored->missing, "");
}

TEST(ReadContent, ChoosesTheNodesPlatformFromAnIndex) {
  Store store;
  const facts::CachedImage image = store.Read(store.Tag(store.index, kIndexType));
  EXPECT_EQ(image.stored->id, store.config);
  EXPECT_EQ(image.stored->manifest, store.manifest);
  EXPECT_EQ(store.containerd.reads[store.arm_manifest], 0);
}

TEST(ReadContent, TakesASingleManifestOfAnotherPlatformAsItIs) {
  Store store;
  const facts::CachedImage image = store.Read(store.Tag(store.arm_manifest, kManifestType));
  EXPECT_EQ(image.stored->id, store.arm_config);
  EXPECT_EQ(image.stored->platform->architecture, "arm64");
}

TEST(ReadContent, SaysThatAnIndexHasNoImageForTheNode) {
  Store store;
  const image::Digest index =
      store.containerd.Add(IndexJson(DescriptorJson(kManifestType, store.arm_manifest, PlatformJson("arm64"))));
  const facts::CachedImage image = store.Read(store.Tag(index, kIndexType));
  EXPECT_EQ(image.stored->id, std::nullopt);
  EXPECT_EQ(image.stored->missing, "index " + index.text() + " has no image for linux/amd64");
}

TEST(ReadContent, ChecksThePlatformOfAnEntryThatNamesNone) {
  Store store;
  const image::Digest right = store.containerd.Add(IndexJson(DescriptorJson(kManifestType, store.manifest)));
  const image::Digest wrong = store.containerd.Add(IndexJson(DescriptorJson(kManifestType, store.arm_manifest)));
  EXPECT_EQ(store.Read(store.Tag(right, kIndexType)).stored->id, store.config);
  const facts::CachedImage image = store.Read(store.Tag(wrong, kIndexType));
  EXPECT_EQ(image.stored->id, std::nullopt);
  EXPECT_THAT(image.stored->missing, HasSubstr("has no image for linux/amd64"));
}

TEST(ReadContent, TellsAWebPageFromAManifestThatCannotBeUsed) {
  Store store;
  const auto no_image = [&store](const std::string& bytes) {
    return store.Read(store.Tag(store.containerd.Add(bytes), kManifestType)).stored->no_image;
  };
  EXPECT_TRUE(no_image("<html><body>Please log in</body></html>"));
  EXPECT_TRUE(no_image(R"({"errors":[{"code":"DENIED"}]})"));
  EXPECT_FALSE(no_image(R"({"schemaVersion":1,"fsLayers":[]})")) << "an old manifest";
  EXPECT_FALSE(no_image(R"({"manifests":[],"manifests":[]})")) << "refused for its keys";
  EXPECT_FALSE(store.Read(store.Tag(DigestOf('9'), kManifestType)).stored->no_image) << "missing";
}

TEST(ReadContent, SaysWhichBlobIsMissing) {
  struct Case {
    const char* name;
    image::Digest Store::*blob;
    bool knows_manifest;
  };
  const Case cases[] = {{"target", &Store::index, false},
                        {"platform's manifest", &Store::manifest, false},
                        {"config", &Store::config, true}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Store store;
    store.containerd.blobs.erase(store.*c.blob);
    const facts::CachedImage image = store.Read(store.Tag(store.index, kIndexType));
    EXPECT_EQ(image.stored->id, std::nullopt);
    EXPECT_EQ(image.stored->manifest.has_value(), c.knows_manifest);
    EXPECT_THAT(image.stored->missing, HasSubstr((store.*c.blob).text() + " is not in the content store"));
  }
}

TEST(ReadContent, TakesARecordWithAForeignMediaTypeForNoImage) {
  Store store;
  const facts::CachedImage image = store.Read(store.Tag(store.manifest, "application/octet-stream"));
  EXPECT_EQ(image.stored->id, std::nullopt);
  EXPECT_THAT(image.stored->missing, HasSubstr("application/octet-stream"));
}

TEST(ReadContent, GoesByTheRecordsMediaTypeForEachRecord) {
  Store store;
  ContentReader reader(&store.containerd);
  facts::CachedImage poisoned = store.Tag(store.manifest, kIndexType);
  facts::CachedImage sound = store.Tag(store.manifest, kManifestType);
  ASSERT_TRUE(ReadContent(reader, Amd64(), poisoned, {}).ok());
  ASSERT_TRUE(ReadContent(reader, Amd64(), sound, {}).ok());
  EXPECT_EQ(poisoned.stored->id, std::nullopt);
  EXPECT_EQ(sound.stored->id, store.config);
}

TEST(ReadContent, SurvivesBlobsThatAreNoDocuments) {
  for (const std::string bytes : {"", "{", "[]", "not json", "{\"schemaVersion\":2}"}) {
    SCOPED_TRACE(bytes);
    Store store;
    const image::Digest blob = store.containerd.Add(bytes);
    const facts::CachedImage image = store.Read(store.Tag(blob, kManifestType));
    EXPECT_EQ(image.stored->id, std::nullopt);
    EXPECT_THAT(image.stored->missing, HasSubstr(blob.text()));
  }
}

TEST(ReadContent, RefusesADocumentAboveContainerdsLimit) {
  Store store;
  const image::Digest blob = store.containerd.Add(std::string(4393217, ' '));
  const facts::CachedImage image = store.Read(store.Tag(blob, kManifestType));
  EXPECT_THAT(image.stored->missing, HasSubstr("larger than 4393216 bytes"));
}

TEST(ReadContent, EndsAtAnIndexThatNestsTooDeeply) {
  Store store;
  image::Digest digest = store.index;
  for (int i = 0; i < image::PlatformWalk::kIndexLimit; ++i) {
    digest = store.containerd.Add(IndexJson(DescriptorJson(kIndexType, digest, PlatformJson("amd64"))));
  }
  EXPECT_EQ(store.Read(store.Tag(digest, kIndexType)).stored->id, std::nullopt);
}

TEST(ReadContent, LeavesEverythingUnknownWithoutAContentStore) {
  Store store;
  ContentReader reader(nullptr);
  facts::CachedImage image = store.Tag(store.manifest, kManifestType);
  ASSERT_TRUE(ReadContent(reader, Amd64(), image, {}).ok());
  EXPECT_EQ(image.stored, std::nullopt);
  EXPECT_EQ(image.provenance, facts::Provenance::kUnknown);
}

TEST(ReadContent, LeavesAnOpenPairUnknown) {
  Store store;
  facts::CachedImage image = store.Tag(store.manifest, kManifestType);
  image.target.reset();
  EXPECT_EQ(store.Read(image).stored, std::nullopt);
}

TEST(ReadContent, FailsWhenTheStoreCannotBeAsked) {
  Store store;
  store.containerd.error = absl::UnavailableError("gone");
  ContentReader reader(&store.containerd);
  facts::CachedImage image = store.Tag(store.manifest, kManifestType);
  EXPECT_TRUE(absl::IsUnavailable(ReadContent(reader, Amd64(), image, {})));
}

TEST(ReadContent, TellsWhereTheContentCameFrom) {
  using facts::Provenance;
  struct Case {
    const char* name;
    std::string reference;
    std::map<std::string, std::string> labels;
    Provenance provenance;
    std::vector<std::string> sources;
  };
  const std::string key = "containerd.io/distribution.source.";
  const Case cases[] = {
      {"same repository",
       "r.io/team/app:1",
       {{key + "r.io", "team/app"}},
       Provenance::kThisRepository,
       {"r.io/team/app"}},
      {"one of several",
       "r.io/team/app:1",
       {{key + "r.io", "other,team/app"}},
       Provenance::kThisRepository,
       {"r.io/other", "r.io/team/app"}},
      {"label without the port", "r.io:5000/app:1", {{key + "r.io", "app"}}, Provenance::kThisRepository, {"r.io/app"}},
      {"label with the port",
       "r.io:5000/app:1",
       {{key + "r.io:5000", "app"}},
       Provenance::kThisRepository,
       {"r.io:5000/app"}},
      {"IPv6", "[fd00::1]:5000/app:1", {{key + "fd00::1", "app"}}, Provenance::kThisRepository, {"fd00::1/app"}},
      {"other registry", "r.io/team/app:1", {{key + "q.io", "team/app"}}, Provenance::kElsewhere, {"q.io/team/app"}},
      {"other repository", "r.io/team/app:1", {{key + "r.io", "app"}}, Provenance::kElsewhere, {"r.io/app"}},
      {"no label", "r.io/team/app:1", {{"containerd.io/gc.ref.content.config", "x"}}, Provenance::kNowhere, {}},
      {"empty label", "r.io/team/app:1", {{key + "r.io", ""}}, Provenance::kNowhere, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Store store;
    store.containerd.labels_of[store.manifest] = c.labels;
    const facts::CachedImage image = store.Read(store.Tag(store.manifest, kManifestType, c.reference));
    EXPECT_EQ(image.provenance, c.provenance);
    EXPECT_EQ(image.sources, c.sources);
  }
}

TEST(ReadContent, DoesNotKnowTheOriginOfAMissingBlob) {
  Store store;
  store.containerd.blobs.erase(store.manifest);
  const facts::CachedImage image = store.Read(store.Tag(store.manifest, kManifestType));
  EXPECT_EQ(image.provenance, facts::Provenance::kUnknown);
  EXPECT_THAT(image.sources, IsEmpty());
}

/// Distinct images, each with a manifest and a config of its own.
std::vector<facts::CachedImage> AddImages(Store& store, int count) {
  std::vector<facts::CachedImage> images;
  for (int i = 0; i < count; ++i) {
    const image::Digest config =
        store.containerd.Add(R"({"os":"linux","architecture":"amd64","author":")" + std::to_string(i) + "\"}");
    const image::Digest manifest =
        store.containerd.Add(ManifestJson(config), {{"containerd.io/distribution.source.r.io", "app"}});
    images.push_back(store.Tag(manifest, kManifestType, "r.io/app:" + std::to_string(i)));
  }
  return images;
}

int Sum(const std::map<image::Digest, int>& counts) {
  int sum = 0;
  for (const auto& [digest, count] : counts) sum += count;
  return sum;
}

/// ReadContents; every image must be named, once. Answers them in their order.
std::vector<std::size_t> ReadTogether(ContentReader& reader, std::vector<facts::CachedImage>& images,
                                      const CallContext& context = {}) {
  std::vector<std::size_t> order;
  ReadContents(
      reader, Amd64(), images, [&](std::size_t image) { order.push_back(image); }, context);
  const std::set<std::size_t> distinct(order.begin(), order.end());
  EXPECT_EQ(order.size(), images.size());
  EXPECT_EQ(distinct.size(), images.size());
  return order;
}

TEST(ReadContents, ReadsManyImagesAndEachBlobOnce) {
  for (const std::size_t at_a_time : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    SCOPED_TRACE(at_a_time);
    Store store;
    store.containerd.reads_at_a_time = at_a_time;
    std::vector<facts::CachedImage> images;
    for (int i = 0; i < 300; ++i) {
      const image::Digest target = i % 3 == 0 ? store.index : i % 3 == 1 ? store.manifest : store.arm_manifest;
      images.push_back(store.Tag(target, i % 3 == 0 ? kIndexType : kManifestType, "r.io/app:" + std::to_string(i)));
    }
    ContentReader reader(&store.containerd);
    ReadTogether(reader, images);
    for (std::size_t i = 0; i < images.size(); ++i) {
      ASSERT_TRUE(images[i].stored) << i;
      EXPECT_EQ(images[i].stored->id, i % 3 == 2 ? store.arm_config : store.config) << i;
      EXPECT_EQ(images[i].provenance, facts::Provenance::kNowhere) << i;
    }
    EXPECT_EQ(store.containerd.reads.size(), 5U);
    for (const auto& [digest, count] : store.containerd.reads) EXPECT_EQ(count, 1) << digest.text();
  }
}

TEST(ReadContents, FindsWhatReadContentFinds) {
  Store store;
  const image::Digest missing_config = store.containerd.Add(ManifestJson(DigestOf('8')));
  const image::Digest page = store.containerd.Add("<html></html>");
  const image::Digest huge = store.containerd.Add(std::string(4393217, ' '));
  std::vector<facts::CachedImage> images = {
      store.Tag(store.index, kIndexType),    store.Tag(store.manifest, kManifestType),
      store.Tag(store.manifest, kIndexType), store.Tag(missing_config, kManifestType),
      store.Tag(page, kManifestType),        store.Tag(huge, kManifestType),
      store.Tag(DigestOf('9'), kIndexType),  store.Tag(store.manifest, kManifestType)};
  images.back().target.reset();
  std::vector<facts::CachedImage> alone = images;
  for (facts::CachedImage& image : alone) image = store.Read(image);
  ContentReader reader(&store.containerd);
  ReadTogether(reader, images);
  for (std::size_t i = 0; i < images.size(); ++i) EXPECT_TRUE(images[i] == alone[i]) << i;
}

TEST(ReadContents, HandsOnAnImageBeforeAllAreRead) {
  Store store;
  std::vector<facts::CachedImage> images = AddImages(store, 40);
  ContentReader reader(&store.containerd);
  int reads = 0;
  ReadContents(reader, Amd64(), images, [&](std::size_t) { reads = reads == 0 ? Sum(store.containerd.reads) : reads; },
               {});
  EXPECT_EQ(reads, 2) << "a manifest and its config";
  EXPECT_EQ(Sum(store.containerd.reads), 80);
}

TEST(ReadContents, ReadsABlobOnceThatIsManifestOfOneAndConfigOfAnother) {
  Store store;
  std::vector<facts::CachedImage> images = {store.Tag(store.config, kManifestType),
                                            store.Tag(store.manifest, kManifestType)};
  ContentReader reader(&store.containerd);
  ReadTogether(reader, images);
  EXPECT_THAT(images[0].stored->missing, HasSubstr(store.config.text()));
  EXPECT_EQ(images[1].stored->id, store.config);
  EXPECT_EQ(store.containerd.reads[store.config], 1);
}

TEST(ReadContents, SaysOfEachImageThatTheStoreCannotBeAsked) {
  Store store;
  store.containerd.error = absl::UnavailableError("gone");
  std::vector<facts::CachedImage> images(50, store.Tag(store.manifest, kManifestType));
  ContentReader reader(&store.containerd);
  ReadTogether(reader, images);
  for (const facts::CachedImage& image : images) {
    EXPECT_EQ(image.stored, std::nullopt);
    EXPECT_EQ(image.unreadable, "gone");
  }
}

TEST(ReadContents, AFailureIsThatOfTheImagesThatNeedTheBlob) {
  Store store;
  store.containerd.errors_of[store.arm_config] = absl::InternalError("input/output error");
  std::vector<facts::CachedImage> images;
  for (int i = 0; i < 10; ++i) images.push_back(store.Tag(i < 5 ? store.arm_manifest : store.manifest, kManifestType));
  ContentReader reader(&store.containerd);
  ReadTogether(reader, images);
  for (std::size_t i = 0; i < images.size(); ++i) {
    EXPECT_EQ(images[i].unreadable, i < 5 ? "input/output error" : "") << i;
    EXPECT_EQ(images[i].stored.has_value(), i >= 5) << i;
  }
  store.containerd.errors_of.clear();
  ReadTogether(reader, images);
  for (const facts::CachedImage& image : images) EXPECT_EQ(image.unreadable, "") << "it is not remembered";
}

TEST(ReadContents, EndsWithTheContextAndSaysSoOfEachImage) {
  Store store;
  std::vector<facts::CachedImage> images = AddImages(store, 40);
  ContentReader reader(&store.containerd);
  std::stop_source stop;
  std::size_t named = 0;
  ReadContents(reader, Amd64(), images,
               [&](std::size_t) {
                 if (++named == 3) stop.request_stop();
               },
               {.stop = stop.get_token()});
  EXPECT_EQ(named, 40U);
  const auto was_stopped = [](const facts::CachedImage& image) { return image.unreadable.ends_with(": stopped"); };
  EXPECT_EQ(std::ranges::count_if(images, was_stopped), 37);
  EXPECT_EQ(std::ranges::count_if(images, [](const auto& image) { return image.stored.has_value(); }), 3);
  EXPECT_LE(Sum(store.containerd.reads), 6);
}

TEST(ReadContents, CountsWhatItHoldsAgainstTheBudget) {
  Store store;
  std::vector<facts::CachedImage> images = AddImages(store, 3);
  ByteBudget budget(1);
  ContentReader reader(&store.containerd, nullptr, &budget);
  ReadTogether(reader, images);
  for (const facts::CachedImage& image : images) {
    EXPECT_THAT(image.unreadable, HasSubstr("more content than one round holds"));
  }
}

/// The content of many images in a cache, of which the store has lost the first one's manifest since.
struct CachedStore {
  explicit CachedStore(void (*read)(ContentReader& reader, std::vector<facts::CachedImage>& images)) {
    ContentReader first(&store.containerd, &cache);
    read(first, images);
    store.containerd.reads.clear();
    store.containerd.blobs.erase(*images.front().target);
    ContentReader second(&store.containerd, &cache);
    read(second, images);
  }

  Store store;
  ContentCache cache{1 << 20};
  std::vector<facts::CachedImage> images = AddImages(store, 40);
};

/// What is in the cache is read from there, after it was found to be in the store still.
void ExpectOnlyTheFirstIsMissing(const CachedStore& cached) {
  EXPECT_THAT(cached.images.front().stored->missing, HasSubstr("is not in the content store"));
  EXPECT_TRUE(cached.images.back().stored->id);
  EXPECT_EQ(Sum(cached.store.containerd.reads), 0);
}

TEST(ReadContents, TakesFromTheCacheWhatIsStillThere) {
  const CachedStore cached([](ContentReader& reader, std::vector<facts::CachedImage>& images) {
    reader.Expect(images, images.size());
    ReadTogether(reader, images);
  });
  ExpectOnlyTheFirstIsMissing(cached);
}

TEST(ReadContents, ListsTheStoreBeforeAnyBlobIsOnItsWayAndOnlyForItself) {
  Store store;
  std::vector<facts::CachedImage> images = AddImages(store, 40);
  ContentCache cache{1 << 20};
  ContentReader reader(&store.containerd, &cache);
  reader.Expect(images, images.size());
  ReadTogether(reader, images);
  const std::vector<std::string> calls = store.containerd.calls->seen();
  EXPECT_THAT(calls.front(), HasSubstr("listing"));
  EXPECT_EQ(Sum(store.containerd.infos), 0);
  const BlobQuery later = {*images.front().target, ContentCache::Kind::kDocument};
  ContentReader next(&store.containerd, &cache);
  next.Expect(images, images.size());
  images.erase(images.begin());
  ReadTogether(next, images);
  // Later in the round it may be removed.
  store.containerd.blobs.erase(later.digest);
  EXPECT_TRUE(std::holds_alternative<facts::NotThere>(*next.Read(later, {})));
  EXPECT_EQ(store.containerd.infos[later.digest], 1);
  EXPECT_EQ(store.containerd.content_lists, 2);
}

TEST(ReadContents, LeavesEverythingUnknownWithoutAContentStore) {
  Store store;
  ContentReader reader(nullptr);
  std::vector<facts::CachedImage> images(3, store.Tag(store.manifest, kManifestType));
  ReadTogether(reader, images);
  for (const facts::CachedImage& image : images) EXPECT_EQ(image.stored, std::nullopt);
  images.clear();
  ReadTogether(reader, images);
}

TEST(ContentReader, WaitsForWhatAnotherThreadHasBegunToRead) {
  Store store;
  ContentReader reader(&store.containerd);
  const BlobQuery blob = {store.config, ContentCache::Kind::kConfig};
  ASSERT_FALSE(reader.Begin(blob, {}).has_value());
  auto other = std::async(std::launch::async, [&] { return reader.Config(store.config, {}); });
  ASSERT_TRUE(reader.Take(blob, ConfigJson("amd64")).ok());
  const auto content = other.get();
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_TRUE(std::holds_alternative<image::ImageConfig>(*content));
  EXPECT_EQ(Sum(store.containerd.reads), 0);
}

/// Reads all, which must succeed.
void ReadAll(ContentReader& reader, std::vector<facts::CachedImage>& images) {
  reader.Expect(images, images.size());
  for (facts::CachedImage& image : images) {
    const absl::Status status = ReadContent(reader, Amd64(), image, {});
    ASSERT_TRUE(status.ok()) << status;
  }
}

TEST(ContentReader, ListsTheStoreOnceForManyImages) {
  Store store;
  std::vector<facts::CachedImage> images = AddImages(store, 40);
  ContentReader reader(&store.containerd);
  ReadAll(reader, images);
  ReadAll(reader, images);
  for (const facts::CachedImage& image : images) {
    EXPECT_TRUE(image.stored->id) << image.stored->missing;
    EXPECT_EQ(image.provenance, facts::Provenance::kThisRepository);
  }
  EXPECT_EQ(store.containerd.content_lists, 1);
  EXPECT_EQ(Sum(store.containerd.infos), 0);
}

TEST(ContentReader, AsksForEachDigestOfFewImages) {
  Store store;
  std::vector<facts::CachedImage> images = AddImages(store, 16);
  ContentReader reader(&store.containerd);
  ReadAll(reader, images);
  EXPECT_EQ(store.containerd.content_lists, 0);
  EXPECT_EQ(Sum(store.containerd.infos), 16);
}

TEST(ContentReader, GoesByTheCountOfWhatIsReadRatherThanOfAllImages) {
  Store store;
  std::vector<facts::CachedImage> images = AddImages(store, 40);
  ContentReader reader(&store.containerd);
  reader.Expect(images, 1);
  ASSERT_TRUE(ReadContent(reader, Amd64(), images.front(), {}).ok());
  EXPECT_EQ(store.containerd.content_lists, 0);
  reader.Expect(images, 17);
  ASSERT_TRUE(ReadContent(reader, Amd64(), images.back(), {}).ok());
  EXPECT_EQ(store.containerd.content_lists, 1);
}

TEST(ContentReader, ListsNothingAsLongAsNothingIsAsked) {
  Store store;
  const std::vector<facts::CachedImage> images = AddImages(store, 40);
  ContentReader reader(&store.containerd);
  reader.Expect(images, images.size());
  EXPECT_EQ(store.containerd.content_lists, 0);
}

TEST(ContentReader, AsksForEachDigestWhereTheStoreCannotBeListed) {
  Store store;
  std::vector<facts::CachedImage> images = AddImages(store, 40);
  store.containerd.content_list_error = absl::InternalError("database is locked");
  ContentReader reader(&store.containerd);
  ReadAll(reader, images);
  for (const facts::CachedImage& image : images) {
    EXPECT_TRUE(image.stored->id) << image.stored->missing;
    EXPECT_EQ(image.provenance, facts::Provenance::kThisRepository);
  }
  EXPECT_EQ(store.containerd.content_lists, 1) << "once is enough";
  EXPECT_EQ(Sum(store.containerd.infos), 40);
}

TEST(ContentReader, AsksTheListingWhetherCachedContentIsStillThere) {
  const CachedStore cached(ReadAll);
  ExpectOnlyTheFirstIsMissing(cached);
  const FakeContainerd& containerd = cached.store.containerd;
  EXPECT_EQ(containerd.content_lists, 2);
  EXPECT_EQ(containerd.infos, (std::map<image::Digest, int>{{*cached.images.front().target, 1}}))
      << "only what is not listed";
}

TEST(ContentReader, FindsCachedContentThatCameAfterTheListing) {
  Store store;
  ContentCache cache(1 << 20);
  std::vector<facts::CachedImage> images = AddImages(store, 40);
  ContentReader first(&store.containerd, &cache);
  ReadAll(first, images);
  const image::Digest late = *images.back().target;
  const std::string bytes = store.containerd.blobs.at(late);
  store.containerd.blobs.erase(late);
  ContentReader second(&store.containerd, &cache);
  second.Expect(images, images.size());
  ASSERT_TRUE(ReadContent(second, Amd64(), images.front(), {}).ok());
  ASSERT_EQ(store.containerd.content_lists, 2);
  store.containerd.blobs.emplace(late, bytes);
  ASSERT_TRUE(ReadContent(second, Amd64(), images.back(), {}).ok());
  EXPECT_TRUE(images.back().stored->id) << images.back().stored->missing;
  EXPECT_EQ(images.back().provenance, facts::Provenance::kThisRepository);
}

TEST(ContentReader, AsksAgainAfterAFailure) {
  Store store;
  ContentReader reader(&store.containerd);
  store.containerd.error = absl::UnavailableError("gone");
  EXPECT_FALSE(reader.Config(store.config, {}).ok());
  store.containerd.error = absl::OkStatus();
  EXPECT_TRUE(reader.Config(store.config, {}).ok());
}

TEST(ContentReader, ReadsEachBlobOnce) {
  Store store;
  ContentReader reader(&store.containerd);
  for (const char* reference : {"r.io/team/app:1", "r.io/team/app:2"}) {
    facts::CachedImage image = store.Tag(store.index, kIndexType, reference);
    ASSERT_TRUE(ReadContent(reader, Amd64(), image, {}).ok());
  }
  for (const auto& [digest, count] : store.containerd.reads) EXPECT_EQ(count, 1) << digest.text();
  EXPECT_EQ(store.containerd.reads.size(), 3U);
}

TEST(ContentReader, RemembersThatABlobIsMissing) {
  Store store;
  ContentReader reader(&store.containerd);
  const image::Digest missing = DigestOf('9');
  for (int i = 0; i < 2; ++i) {
    const auto content = reader.Document(missing, "", {});
    ASSERT_TRUE(content.ok());
    EXPECT_TRUE(std::holds_alternative<facts::NotThere>(*content));
  }
  EXPECT_EQ(store.containerd.reads[missing], 1);
}

}  // namespace
}  // namespace tagdrift::node
