// What a round holds of the content that registries deliver.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "huge_manifest.h"
#include "scene.h"
#include "tagdrift/image/manifest.h"

namespace tagdrift::agent {
namespace {

using judge::Verdict;
using testing::HasSubstr;

constexpr int kTags = 12;
constexpr std::size_t kMebibyte = 1024 * 1024;

std::size_t BytesOfContent(const report::Round& round) {
  std::map<image::Digest, std::size_t> sizes;
  for (const report::JudgedTag& tag : round.tags) {
    for (const auto& [digest, content] : tag.facts.fetched) sizes[digest] = facts::ApproximateBytes(content);
  }
  std::size_t bytes = 0;
  for (const auto& [digest, size] : sizes) bytes += size;
  return bytes;
}

/// How many of the round's tags have an answer that says so.
int Count(const report::Round& round, const std::string& detail) {
  int count = 0;
  for (const report::JudgedTag& tag : round.tags) {
    for (const auto& [ask, answer] : tag.facts.answers) {
      if (answer.failure_detail.find(detail) == std::string::npos) continue;
      ++count;
      break;
    }
  }
  return count;
}

TEST(ContentBudget, AMirrorWithADistinctHugeManifestForEveryTagDoesNotFillTheMemory) {
  Scene scene;
  scene.UseMirror();
  FakeRegistry other;
  scene.WriteHosts("other.test", "server = \"" + other.Url() + "\"\n");
  const SampleImage old("old", 2020);
  const SampleImage fresh("new", 2024);
  for (int i = 0; i < kTags; ++i) {
    const std::string tag = "v" + std::to_string(i);
    scene.registry.Push("app", tag, fresh);
    scene.Cache(NameOf("app:" + tag), old);
    SampleImage huge("huge", 2024);
    huge.manifest = HugeManifest(tag, 10'000);
    scene.mirror.Push("app", tag, huge);
  }
  scene.registry.Add(old);
  const SampleImage others("other", 2020);
  other.Push("app", "v1", fresh);
  other.Add(others);
  scene.Cache("other.test/app:v1", others);

  const report::Round round = scene.Check();
  // A quarter of 64 MiB and 64 KiB for each tag.
  EXPECT_LE(BytesOfContent(round), 17 * kMebibyte);
  EXPECT_GE(Count(round, "more content than tagdrift holds of one host"), 1);
  for (const report::JudgedTag& tag : round.tags) {
    EXPECT_EQ(tag.result.verdict, Verdict::kStale) << tag.facts.image.reference.Canonical() << tag.result.reason;
    const bool behind_mirror = tag.facts.image.reference.registry() == "registry.test";
    EXPECT_EQ(tag.result.next_pull.pull.outcome == judge::Outcome::kFresh, !behind_mirror);
  }
}

}  // namespace
}  // namespace tagdrift::agent
