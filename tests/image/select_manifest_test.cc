#include <gtest/gtest.h>

#include "tagdrift/image/manifest.h"

namespace tagdrift::image {
namespace {

const Platform kAmd64{"linux", "amd64", "", {}};

Descriptor Entry(const std::string& name, std::optional<Platform> platform,
                 std::string_view media_type = kOciManifest) {
  return {.media_type = std::string(media_type),
          .digest = Digest::OfBytes(name),
          .size = 1,
          .platform = std::move(platform),
          .attestation = false};
}

void ExpectSelected(const Index& index, const Platform& node, const std::string& name) {
  const Descriptor* selected = SelectManifest(index, node);
  ASSERT_NE(selected, nullptr);
  EXPECT_EQ(selected->digest, Digest::OfBytes(name));
}

TEST(SelectManifest, TakesTheBestRank) {
  const Index index{std::string(kOciIndex),
                    {Entry("386", Platform{"linux", "386", "", {}}), Entry("amd64", kAmd64),
                     Entry("arm64", Platform{"linux", "arm64", "v8", {}})}};
  ExpectSelected(index, kAmd64, "amd64");
  ExpectSelected(index, {"linux", "arm64", "", {}}, "arm64");
}

TEST(SelectManifest, TakesTheFirstOfEqualRank) {
  const Index index{std::string(kOciIndex), {Entry("one", kAmd64), Entry("two", kAmd64)}};
  ExpectSelected(index, kAmd64, "one");
}

TEST(SelectManifest, TakesA32BitImageWhereNothingBetterExists) {
  const Index index{std::string(kOciIndex), {Entry("armv7", Platform{"linux", "arm", "", {}})}};
  ExpectSelected(index, {"linux", "arm64", "", {}}, "armv7");
}

TEST(SelectManifest, TakesEntriesWithoutPlatformLast) {
  const Index index{std::string(kOciIndex),
                    {Entry("any", std::nullopt), Entry("386", Platform{"linux", "386", "", {}})}};
  ExpectSelected(index, kAmd64, "386");
  ExpectSelected(index, {"linux", "s390x", "", {}}, "any");
}

TEST(SelectManifest, PrefersMoreMatchingOsFeatures) {
  const Platform node{"linux", "amd64", "", {"a", "b"}};
  const Index index{std::string(kOciIndex),
                    {Entry("plain", kAmd64), Entry("rich", Platform{"linux", "amd64", "", {"a"}})}};
  ExpectSelected(index, node, "rich");
  ExpectSelected(index, kAmd64, "plain");
}

TEST(SelectManifest, NeverTakesAnAttestation) {
  Descriptor annotated = Entry("annotated", kAmd64);
  annotated.attestation = true;
  const Index index{std::string(kOciIndex), {annotated, Entry("unknown", Platform{"unknown", "unknown", "", {}})}};
  EXPECT_EQ(SelectManifest(index, kAmd64), nullptr);
}

TEST(SelectManifest, IgnoresUnknownMediaTypes) {
  const Index index{
      std::string(kOciIndex),
      {Entry("artifact", kAmd64, "application/vnd.oci.artifact.manifest.v1+json"), Entry("image", kAmd64)}};
  ExpectSelected(index, kAmd64, "image");
}

TEST(SelectManifest, FindsNothingForAnotherPlatform) {
  const Index index{std::string(kOciIndex), {Entry("windows", Platform{"windows", "amd64", "", {}})}};
  EXPECT_EQ(SelectManifest(index, kAmd64), nullptr);
  EXPECT_EQ(SelectManifest(Index{}, kAmd64), nullptr);
}

}  // namespace
}  // namespace tagdrift::image
