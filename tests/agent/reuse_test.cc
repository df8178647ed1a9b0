// Rounds that go on from earlier ones: what has not changed is not asked about again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stop_token>
#include <utility>

#include "scene.h"

namespace tagdrift::agent {
namespace {

using judge::Verdict;

class ReuseTest : public testing::Test {
 protected:
  ReuseTest() {
    scene_.registry.Push("app", "v1", new_);
    scene_.registry.Push("other", "v1", new_);
    scene_.registry.Add(old_);
    scene_.Cache(NameOf("app:v1"), old_);
    scene_.Cache(NameOf("other:v1"), new_);
    first_ = scene_.Check();
    asked_ = scene_.registry.Count();
  }

  report::Round Again(absl::Duration age = absl::Hours(1)) {
    CheckOptions options;
    options.reuse = {.rounds = {nullptr, Kept(first_)}, .in_use = age, .unused = age, .anew = anew_};
    return scene_.Check({}, options);
  }
  /// A round that is stopped once so many of the tags that are asked about have been judged.
  report::Round AgainUntil(std::size_t judged, std::vector<std::shared_ptr<const KeptRound>> rounds) {
    std::stop_source stop;
    CheckOptions options;
    options.reuse = {.rounds = std::move(rounds), .in_use = absl::Hours(1), .unused = absl::Hours(1), .anew = anew_};
    options.progress = [&](std::size_t done, std::size_t) {
      if (done == judged) stop.request_stop();
    };
    return scene_.Check({.stop = stop.get_token()}, options);
  }
  static std::shared_ptr<const KeptRound> Kept(const report::Round& round) {
    return std::make_shared<const KeptRound>(round);
  }
  int AskedSince() const { return scene_.registry.Count() - asked_; }

  Scene scene_;
  const SampleImage old_{"old", 2020};
  const SampleImage new_{"new", 2024};
  report::Round first_;
  std::vector<NamePattern> anew_;
  int asked_ = 0;
};

TEST_F(ReuseTest, WhatHasNotChangedIsNotAskedAgain) {
  const report::Round again = Again();
  EXPECT_EQ(AskedSince(), 0);
  ASSERT_EQ(again.tags.size(), 2U);
  EXPECT_EQ(ResultOf(again, "app:v1").verdict, Verdict::kStale);
  EXPECT_EQ(ResultOf(again, "other:v1").verdict, Verdict::kFresh);
  EXPECT_EQ(again.tags[0].facts.image.reference.Canonical(), NameOf("app:v1")) << "the order is kept";
  EXPECT_EQ(again.tags[0].asked_at, first_.tags[0].asked_at);
}

TEST_F(ReuseTest, OnlyTheTagThatMovedHereIsAskedAbout) {
  scene_.Cache(NameOf("app:v1"), new_);
  const report::Round again = Again();
  EXPECT_EQ(ResultOf(again, "app:v1").verdict, Verdict::kFresh);
  EXPECT_EQ(AskedSince(), 1);
  EXPECT_EQ(scene_.registry.Count("HEAD", "/other/"), 1) << "asked by the first round alone";
}

TEST_F(ReuseTest, WhatDoesNotComeInTimeIsWhatItWas) {
  scene_.registry.Hold("/other/");
  anew_.push_back(*NamePattern::Parse("*"));
  const report::Round again = AgainUntil(1, {Kept(first_)});
  ASSERT_EQ(again.tags.size(), 2U);
  EXPECT_EQ(ResultOf(again, "other:v1").verdict, Verdict::kFresh);
  EXPECT_EQ(again.tags[1].asked_at, first_.tags[1].asked_at);
  EXPECT_GT(again.tags[0].asked_at, first_.tags[0].asked_at) << "answered in time";
  EXPECT_EQ(ResultOf(AgainUntil(1, {}), "other:v1").verdict, Verdict::kUndecided);
}

TEST_F(ReuseTest, ATagThatIsGoneFromTheNodeIsGoneFromTheReport) {
  scene_.node.RemoveName(NameOf("app:v1"));
  const report::Round again = Again();
  EXPECT_EQ(again.tags.size(), 1U);
  EXPECT_EQ(AskedSince(), 0);
}

TEST_F(ReuseTest, OldAnswersAreAskedForAnew) {
  Again(absl::ZeroDuration());
  EXPECT_GE(AskedSince(), 2);
}

TEST_F(ReuseTest, WhatIsToBeAskedAnewIs) {
  anew_.push_back(*NamePattern::Parse("*/other:v1"));
  Again();
  EXPECT_EQ(AskedSince(), 1);
}

TEST_F(ReuseTest, ChangedHostsAreAskedAnew) {
  scene_.UseMirror();
  scene_.mirror.Push("app", "v1", old_);
  scene_.mirror.Push("other", "v1", new_);
  const report::Round again = Again();
  EXPECT_EQ(ResultOf(again, "app:v1").cause, judge::Cause::kStaleMirror);
  EXPECT_GE(scene_.mirror.Count("HEAD", "/app/"), 1);
}

TEST_F(ReuseTest, WhatOurOwnEndKeptFromBeingAnsweredIsAskedAgain) {
  scene_.Cache(NameOf("late:v1"), new_);
  scene_.registry.Push("late", "v1", new_);
  scene_.registry.Hold("/late/");
  first_ = AgainUntil(0, {Kept(first_)});
  ASSERT_EQ(ResultOf(first_, "late:v1").verdict, Verdict::kUndecided);
  scene_.registry.Release();
  EXPECT_EQ(ResultOf(Again(), "late:v1").verdict, Verdict::kFresh);
}

TEST_F(ReuseTest, TheContentStoreIsListedOnceForManyIncompleteTags) {
  for (int i = 0; i < 20; ++i) {
    const std::string tag = "t" + std::to_string(i);
    const SampleImage image(tag, 2024);
    scene_.registry.Push("app", tag, image);
    scene_.Cache(NameOf("app:" + tag), image);
    scene_.node.store->blobs.erase(image.config_digest());
  }
  first_ = scene_.Check();
  asked_ = scene_.registry.Count();
  scene_.node.store->content_lists = 0;
  scene_.node.store->infos.clear();
  EXPECT_EQ(Again().tags.size(), 22U);
  EXPECT_EQ(AskedSince(), 0) << "all were reused";
  EXPECT_EQ(scene_.node.store->content_lists, 1);
  EXPECT_EQ(scene_.node.store->infos.size(), 0U);
}

TEST_F(ReuseTest, ContentThatCameSinceIsSeen) {
  scene_.node.store->blobs.erase(old_.config_digest());
  first_ = scene_.Check();
  ASSERT_EQ(ResultOf(first_, "app:v1").cause, judge::Cause::kNodeDisagrees) << ResultOf(first_, "app:v1").reason;
  scene_.node.AddImage(old_, "registry.test/app");
  EXPECT_NE(ResultOf(Again(), "app:v1").cause, judge::Cause::kNodeDisagrees);
}

}  // namespace
}  // namespace tagdrift::agent
