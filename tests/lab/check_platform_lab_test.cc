// `tagdrift check` on a real containerd: indexes, platforms, and names that share an image.
#include <gtest/gtest.h>

#include "check_run.h"
#include "lab_fixture.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;

std::string Reference(const std::string& repository, const std::string& tag = "latest") {
  return TheLab().upstream().host() + "/" + repository + ":" + tag;
}

TEST(CheckPlatform, EquivalentWhenTheIndexWasPushedAgainWithTheSameImage) {
  const Artifact image = MakeImage({.text = "same"});
  const Artifact other = MakeImage({.text = "same", .architecture = OtherArchitecture()});
  const Artifact first = MakeIndex({image, other});
  const Artifact again = MakeIndex({image, other}, {{"build", "2"}});
  const std::string reference = Reference("equivalent/app");
  TheLab().upstream().Push("equivalent/app", "latest", first);
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().upstream().Push("equivalent/app", "latest", again);

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(tag["verdict"], "VERDICT_EQUIVALENT");
  EXPECT_EQ(tag["cause"], "CAUSE_NONE");
  EXPECT_EQ(tag["cachedDigest"], first.digest());
  EXPECT_EQ(tag["originDigest"], again.digest());
  EXPECT_EQ(tag["nextPull"]["digest"], again.digest());
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckPlatform, EquivalentWhenAnotherManifestHasTheSameConfig) {
  const Artifact first = MakeImage({.text = "converted"});
  const Artifact again = MakeImage({.text = "converted", .annotations = {{"converted", "yes"}}});
  ASSERT_EQ(first.image_id(), again.image_id());
  const std::string reference = Reference("converted/app");
  TheLab().upstream().Push("converted/app", "latest", first);
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().upstream().Push("converted/app", "latest", again);

  json tag = Check(TheLab(), {reference}).Tag(reference);

  EXPECT_EQ(tag["verdict"], "VERDICT_EQUIVALENT");
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(CheckPlatform, StaleWhenTheIndexBringsAnotherImage) {
  const Artifact first =
      MakeIndex({MakeImage({.text = "one"}), MakeImage({.text = "one", .architecture = OtherArchitecture()})});
  const Artifact next =
      MakeIndex({MakeImage({.text = "two"}), MakeImage({.text = "one", .architecture = OtherArchitecture()})});
  const std::string reference = Reference("index-moved/app");
  TheLab().upstream().Push("index-moved/app", "latest", first);
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().upstream().Push("index-moved/app", "latest", next);

  CheckRun run = Check(TheLab(), {reference});

  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.Tag(reference)["verdict"], "VERDICT_STALE");
  EXPECT_EQ(run.Tag(reference)["cause"], "CAUSE_TAG_MOVED");
  ExpectPullAsForecast(TheLab(), run.Tag(reference));
}

// The CRI lists both tags and both digests under one image id and cannot say which is whose.
TEST(CheckPlatform, TagsOfOneImageKeepTheirOwnDigests) {
  const Artifact image = MakeImage({.text = "paired"});
  const Artifact index = MakeIndex({image});
  TheLab().upstream().Push("paired/app", "latest", image);
  TheLab().upstream().Push("paired/app", "multi", index);
  ASSERT_TRUE(TheLab().cri().Pull(Reference("paired/app")).ok());
  ASSERT_TRUE(TheLab().cri().Pull(Reference("paired/app", "multi")).ok());

  CheckRun run = Check(TheLab(), {TheLab().upstream().host() + "/paired/*"});

  EXPECT_EQ(run.exit_code, 0);
  json single = run.Tag(Reference("paired/app"));
  json multi = run.Tag(Reference("paired/app", "multi"));
  EXPECT_EQ(single["verdict"], "VERDICT_FRESH");
  EXPECT_EQ(multi["verdict"], "VERDICT_FRESH");
  EXPECT_EQ(single["cachedDigest"], image.digest());
  EXPECT_EQ(multi["cachedDigest"], index.digest());
  EXPECT_EQ(single["imageId"], multi["imageId"]);
  ExpectPullAsForecast(TheLab(), single);
  ExpectPullAsForecast(TheLab(), multi);
}

TEST(CheckPlatform, PullWouldFailWhenTheNewIndexLacksThisPlatform) {
  const Artifact first = MakeImage({.text = "had it"});
  const Artifact without = MakeIndex({MakeImage({.text = "has it not", .architecture = OtherArchitecture()})});
  const std::string reference = Reference("no-platform/app");
  TheLab().upstream().Push("no-platform/app", "latest", first);
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().upstream().Push("no-platform/app", "latest", without);

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(tag["verdict"], "VERDICT_STALE");
  EXPECT_EQ(tag["cause"], "CAUSE_PULL_WOULD_FAIL");
  EXPECT_EQ(tag["nextPull"]["outcome"], "OUTCOME_FAILS");
  ExpectPullAsForecast(TheLab(), tag);
}

// On 2.x the failed pull has moved containerd's record, while the CRI goes on serving the old image.
TEST(CheckPlatform, NodeDisagreesAfterAPullFailedForThisPlatform) {
  if (TheLab().containerd().version() != "2") GTEST_SKIP() << "containerd 1.x leaves the record where it was";
  const Artifact first = MakeImage({.text = "before"});
  const Artifact without = MakeIndex({MakeImage({.text = "elsewhere", .architecture = OtherArchitecture()})});
  const std::string reference = Reference("disagrees/app");
  TheLab().upstream().Push("disagrees/app", "latest", first);
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().upstream().Push("disagrees/app", "latest", without);
  ASSERT_FALSE(TheLab().cri().Pull(reference).ok());
  ASSERT_EQ(TheLab().containerd().Target(reference), without.digest());

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(tag["verdict"], "VERDICT_UNDECIDED");
  EXPECT_EQ(tag["cause"], "CAUSE_NODE_DISAGREES");
  EXPECT_EQ(tag["nextPull"]["outcome"], "OUTCOME_FAILS");
  ExpectPullAsForecast(TheLab(), tag);
}

// Such a manifest pulls without error and moves the tag.
TEST(CheckPlatform, WrongPlatformWhenTheTagMovedToAManifestOfAnotherArchitecture) {
  const Artifact first = MakeImage({.text = "mine"});
  const Artifact foreign = MakeImage({.text = "theirs", .architecture = OtherArchitecture()});
  const std::string reference = Reference("foreign/app");
  TheLab().upstream().Push("foreign/app", "latest", first);
  ASSERT_TRUE(TheLab().cri().Pull(reference).ok());
  TheLab().upstream().Push("foreign/app", "latest", foreign);

  CheckRun run = Check(TheLab(), {reference});

  json tag = run.Tag(reference);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(tag["verdict"], "VERDICT_STALE");
  EXPECT_EQ(tag["cause"], "CAUSE_WRONG_PLATFORM");
  EXPECT_EQ(tag["nextPull"]["digest"], foreign.digest());
  ExpectPullAsForecast(TheLab(), tag);
}

}  // namespace
}  // namespace tagdrift::lab
