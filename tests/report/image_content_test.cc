#include <gtest/gtest.h>

#include "rounds.h"
#include "tagdrift/report/report.h"

namespace tagdrift::report {
namespace {

using judge::Cause;
using judge::Verdict;

const image::Platform kPlatform{"linux", "amd64", "", {}};

image::Digest DigestOf(const std::string& name) { return image::Digest::OfBytes(name); }

image::Manifest ManifestWith(const std::string& config) {
  return {.media_type = std::string(image::kOciManifest),
          .config = {.media_type = "application/vnd.oci.image.config.v1+json", .digest = DigestOf(config)},
          .layers = {}};
}

v1::TagReport Report(JudgedTag tag) {
  Round round = RoundOf({std::move(tag)});
  round.node.platform = kPlatform;
  return ToMessage(round).tags(0);
}

const v1::ImageContent& ImageOf(const v1::TagReport& report, const std::string& name) {
  for (const v1::ImageContent& image : report.images()) {
    if (image.digest() == DigestOf(name).text()) return image;
  }
  ADD_FAILURE() << "nothing of " << name << " in " << report.DebugString();
  return v1::ImageContent::default_instance();
}

TEST(ImageContent, SaysOfTheCachedDigestWhatTheNodeHas) {
  JudgedTag tag = Tag("registry.test/b:1", Verdict::kStale, Cause::kTagMoved);
  tag.facts.image.media_type = image::kOciIndex;
  tag.facts.image.stored = facts::StoredImage{
      .id = DigestOf("id"), .manifest = DigestOf("manifest"), .created = absl::FromUnixSeconds(1'700'000'000)};
  const v1::TagReport report = Report(tag);
  const v1::ImageContent& image = ImageOf(report, "cached");
  EXPECT_EQ(image.media_type(), image::kOciIndex);
  EXPECT_EQ(image.manifest(), DigestOf("manifest").text());
  EXPECT_EQ(image.image_id(), DigestOf("id").text());
  EXPECT_EQ(image.created().seconds(), 1'700'000'000);
}

TEST(ImageContent, FollowsTheOriginsIndexToTheImageOfThisPlatform) {
  JudgedTag tag = Tag("registry.test/b:1", Verdict::kStale, Cause::kTagMoved);
  image::Index index{.media_type = std::string(image::kOciIndex), .manifests = {}};
  index.manifests = std::vector<image::Descriptor>{
      {.media_type = std::string(image::kOciManifest),
       .digest = DigestOf("other"),
       .platform = image::Platform{"linux", "s390x", "", {}}},
      {.media_type = std::string(image::kOciManifest), .digest = DigestOf("ours"), .platform = kPlatform}};
  tag.facts.fetched = {
      {DigestOf("origin"), image::Document(index)},
      {DigestOf("ours"), image::Document(ManifestWith("config"))},
      {DigestOf("config"), image::ImageConfig{.platform = kPlatform, .created = absl::FromUnixSeconds(1'700'000'001)}}};
  const v1::TagReport report = Report(tag);
  const v1::ImageContent& image = ImageOf(report, "origin");
  EXPECT_EQ(image.media_type(), image::kOciIndex);
  EXPECT_EQ(image.manifest(), DigestOf("ours").text());
  EXPECT_EQ(image.image_id(), DigestOf("config").text());
  EXPECT_EQ(image.created().seconds(), 1'700'000'001);
}

TEST(ImageContent, OfWhatWasNotReadIsTheTypeThatAHostAnnounced) {
  JudgedTag tag = Tag("registry.test/b:1", Verdict::kStale, Cause::kTagMoved);
  hosts::Answer answer{.status = 200, .content_type = std::string(image::kDockerManifestList)};
  answer.digest_header = DigestOf("origin").text();
  tag.facts.answers.emplace(judge::HostQuery{.host = 1, .kind = judge::QueryKind::kTag}, answer);
  const v1::TagReport report = Report(tag);
  EXPECT_EQ(ImageOf(report, "origin").media_type(), image::kDockerManifestList);
  EXPECT_EQ(ImageOf(report, "origin").image_id(), "");
}

TEST(ImageContent, IsToldOnceWhereTheDigestsAreTheSame) {
  EXPECT_EQ(Report(Tag("registry.test/b:1", Verdict::kFresh)).images_size(), 1);
}

TEST(NotCached, SaysWhatAPullWouldBringAndWhatIsHere) {
  JudgedTag tag = Tag("registry.test/b:2", Verdict::kUndecided, Cause::kNotCached);
  tag.facts.image.target.reset();
  Round round = RoundOf({tag});
  round.similar_names = {"registry.test/b:1"};
  const v1::TagReport report = ToMessage(round).tags(0);
  EXPECT_TRUE(report.not_cached());
  EXPECT_EQ(report.cause(), v1::CAUSE_NOT_CACHED);
  EXPECT_EQ(report.detail(), "this node has no such name; a pull brings what https://registry.test/v2 has");
  ASSERT_EQ(report.similar_names_size(), 1);
  EXPECT_EQ(report.similar_names(0), "registry.test/b:1");
}

TEST(NotCached, NamesTheMirrorThatAPullWouldTrust) {
  JudgedTag tag = FromMirror(Tag("registry.test/b:2", Verdict::kUndecided, Cause::kNotCached), judge::Outcome::kStale);
  tag.facts.image.target.reset();
  EXPECT_NE(
      Report(tag).detail().find("but a pull brings " + DigestOf("mirror").Short() + " from https://mirror.test/v2"),
      std::string::npos);
  tag.result.next_pull.pull = {judge::Outcome::kFails, std::nullopt, std::nullopt, "planted reason"};
  EXPECT_EQ(Report(tag).detail(), "this node has no such name, and a pull fails: planted reason");
  tag.result.next_pull.pull.outcome = judge::Outcome::kUndecided;
  EXPECT_NE(Report(tag).detail().find("is not known: planted reason"), std::string::npos);
}

TEST(NotCached, SaysThatTheRegistryHasNoSuchTagEither) {
  JudgedTag tag = FromMirror(Tag("registry.test/b:2", Verdict::kUndecided, Cause::kNotCached), judge::Outcome::kFails);
  tag.facts.image.target.reset();
  tag.result.reason = "answered 404 MANIFEST_UNKNOWN";
  tag.result.next_pull.pull.detail = "planted reason";
  EXPECT_EQ(Report(tag).detail(),
            "this node has no such name, and https://registry.test/v2 answered 404 MANIFEST_UNKNOWN; a pull fails: "
            "planted reason");
}

TEST(HostAccess, SaysHowAHostWasOpenedAndWhereThereAreCredentials) {
  JudgedTag tag = Tag("registry.test/b:1", Verdict::kFresh);
  tag.result.hosts[0].answer = hosts::Answer{.status = 401, .access = hosts::Access::kDenied};
  tag.result.hosts[1].answer = hosts::Answer{.failure = hosts::Failure::kConnect, .failure_detail = "refused"};
  tag.credential_sources = {{"an entry in /root/.docker/config.json"}, {}};
  const v1::TagReport report = Report(tag);
  EXPECT_EQ(report.hosts(0).access(), v1::ACCESS_DENIED);
  ASSERT_EQ(report.hosts(0).credential_sources_size(), 1);
  EXPECT_EQ(report.hosts(0).credential_sources(0), "an entry in /root/.docker/config.json");
  EXPECT_EQ(report.hosts(1).access(), v1::ACCESS_UNSPECIFIED) << "it did not answer";
  EXPECT_EQ(report.hosts(1).credential_sources_size(), 0);
}

TEST(ToMessage, NamesThePodThatItIsAbout) {
  Round round = RoundOf({Tag("registry.test/b:1", Verdict::kFresh)});
  EXPECT_FALSE(ToMessage(round).has_explained_pod());
  round.pod = PodName{"shop", "web-0"};
  EXPECT_EQ(ToMessage(round).explained_pod().name(), "web-0");
}

}  // namespace
}  // namespace tagdrift::report
