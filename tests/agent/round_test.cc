// Rounds of an agent over a node in memory and a scripted registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "scene.h"

namespace tagdrift::agent {
namespace {

using judge::Cause;
using judge::Verdict;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RoundTest : public testing::Test {
 protected:
  RoundTest() {
    scene_.registry.Push("app", "v1", new_);
    scene_.registry.Add(old_);
  }

  void CacheOld() { scene_.Cache(NameOf("app:v1"), old_); }
  /// Another tag, always fresh.
  void CacheFreshOne() {
    scene_.registry.Push("other", "v1", third_);
    scene_.Cache(NameOf("other:v1"), third_);
  }

  Scene scene_;
  const SampleImage old_{"old", 2020};
  const SampleImage new_{"new", 2024};
  const SampleImage third_{"third", 2024};
};

TEST_F(RoundTest, FindsATagFresh) {
  scene_.Cache(NameOf("app:v1"), new_);
  const auto result = ResultOf(scene_.Check(), "app:v1");
  EXPECT_EQ(result.verdict, Verdict::kFresh) << result.reason;
  EXPECT_EQ(scene_.registry.Count(), 1) << "a fresh tag needs one request";
}

TEST_F(RoundTest, FindsATagStaleAfterASecondLook) {
  CacheOld();
  const auto result = ResultOf(scene_.Check(), "app:v1");
  EXPECT_EQ(result.verdict, Verdict::kStale) << result.reason;
  EXPECT_EQ(result.cause, Cause::kTagMoved);
  EXPECT_EQ(result.origin_digest, new_.digest());
  EXPECT_EQ(result.age.direction, judge::Direction::kOlder);
  EXPECT_EQ(scene_.registry.Count("HEAD", "/app/manifests/v1"), 2);
}

TEST_F(RoundTest, FindsAStaleMirror) {
  CacheOld();
  scene_.UseMirror();
  scene_.mirror.Push("app", "v1", old_);
  const auto result = ResultOf(scene_.Check(), "app:v1");
  EXPECT_EQ(result.verdict, Verdict::kStale) << result.reason;
  EXPECT_EQ(result.cause, Cause::kStaleMirror);
  EXPECT_EQ(result.next_pull.pull.digest, old_.digest());
}

TEST_F(RoundTest, FindsATagGone) {
  CacheOld();
  scene_.registry.RemoveTag("app", "v1");
  const auto result = ResultOf(scene_.Check(), "app:v1");
  EXPECT_EQ(result.verdict, Verdict::kGone) << result.reason;
  EXPECT_EQ(scene_.registry.Count("GET", "/app/manifests/v1"), 1) << "the registry's own words are behind a GET";
}

TEST_F(RoundTest, AsksNobodyAboutALocalImage) {
  scene_.node.AddImage(old_);
  scene_.node.SetName(NameOf("app:v1"), old_.digest());
  EXPECT_EQ(ResultOf(scene_.Check(), "app:v1").verdict, Verdict::kLocal);
  EXPECT_EQ(scene_.registry.Count(), 0);
}

TEST_F(RoundTest, BelievesTheSecondAnswerOfTheRegistry) {
  CacheOld();
  scene_.registry.AfterFirst("/app/manifests/v1", [this] { scene_.registry.Push("app", "v1", old_); });
  EXPECT_EQ(ResultOf(scene_.Check(), "app:v1").verdict, Verdict::kFresh);
}

TEST_F(RoundTest, BelievesTheSecondLookAtTheNode) {
  CacheOld();
  scene_.registry.AfterFirst("/app/manifests/v1", [this] { scene_.Cache(NameOf("app:v1"), new_); });
  EXPECT_EQ(ResultOf(scene_.Check(), "app:v1").verdict, Verdict::kFresh);
}

TEST_F(RoundTest, LeavesATagOutThatVanishedMeanwhile) {
  CacheOld();
  CacheFreshOne();
  scene_.registry.AfterFirst("/app/manifests/v1", [this] { scene_.node.RemoveName(NameOf("app:v1")); });
  const report::Round round = scene_.Check();
  EXPECT_THAT(round.tags, SizeIs(1));
  EXPECT_EQ(ResultOf(round, "other:v1").verdict, Verdict::kFresh);
}

TEST_F(RoundTest, AFailingCallOfTheSecondLookIsThatTagsFact) {
  CacheOld();
  CacheFreshOne();
  scene_.registry.Push("stale", "v1", new_);
  scene_.Cache(NameOf("stale:v1"), old_);
  scene_.node.calls->Fail("image store for " + NameOf("app:v1"), absl::UnavailableError("connection reset"));
  const report::Round round = scene_.Check();
  const auto result = ResultOf(round, "app:v1");
  EXPECT_EQ(result.verdict, Verdict::kUndecided);
  EXPECT_THAT(result.reason, HasSubstr("connection reset"));
  EXPECT_EQ(ResultOf(round, "stale:v1").verdict, Verdict::kStale);
  EXPECT_EQ(ResultOf(round, "other:v1").verdict, Verdict::kFresh);
}

TEST_F(RoundTest, ContentThatCannotBeReadIsThatTagsFact) {
  CacheOld();
  CacheFreshOne();
  scene_.node.store->errors_of[old_.digest()] = absl::InternalError("input/output error");
  const report::Round round = scene_.Check();
  const auto result = ResultOf(round, "app:v1");
  EXPECT_EQ(result.verdict, Verdict::kUndecided);
  EXPECT_EQ(result.cause, Cause::kNodeDisagrees);
  EXPECT_THAT(result.reason, HasSubstr("input/output error"));
  EXPECT_EQ(ResultOf(round, "other:v1").verdict, Verdict::kFresh);
}

TEST_F(RoundTest, AsksForTheVersionOnce) {
  CacheOld();
  (void)scene_.Check();
  const auto seen = scene_.node.calls->seen();
  EXPECT_EQ(std::count(seen.begin(), seen.end(), "asking the runtime for its version"), 1);
}

TEST_F(RoundTest, ReadsContentOfADigestOnceForAllRounds) {
  scene_.Cache(NameOf("app:v1"), new_);
  scene_.Cache(NameOf("app:also"), new_);
  scene_.registry.Push("app", "also", new_);
  (void)scene_.Check();
  (void)scene_.Check();
  EXPECT_EQ(scene_.node.store->reads[new_.digest()], 1);
  EXPECT_EQ(scene_.node.store->reads[new_.config_digest()], 1);
}

TEST_F(RoundTest, ListsTheContentStoreOnceInARoundOverManyTags) {
  for (int i = 0; i < 20; ++i) {
    const std::string tag = "t" + std::to_string(i);
    const SampleImage image(tag, 2024);
    scene_.registry.Push("app", tag, image);
    scene_.Cache(NameOf("app:" + tag), image);
  }
  for (const int rounds : {1, 2}) {
    const report::Round round = scene_.Check();
    for (const report::JudgedTag& tag : round.tags) EXPECT_EQ(tag.result.verdict, Verdict::kFresh) << tag.result.reason;
    EXPECT_EQ(scene_.node.store->content_lists, rounds);
    EXPECT_THAT(scene_.node.store->infos, IsEmpty());
  }
  for (const auto& [digest, count] : scene_.node.store->reads) EXPECT_EQ(count, 1) << digest.text();
}

TEST_F(RoundTest, FetchesADigestOnceForAllTagsOfARepository) {
  CacheOld();
  scene_.Cache(NameOf("app:also"), old_);
  scene_.registry.Push("app", "also", new_);
  EXPECT_EQ(ResultOf(scene_.Check(), "app:also").verdict, Verdict::kStale);
  EXPECT_EQ(scene_.registry.Count("GET", new_.digest().text()), 1);
  EXPECT_EQ(scene_.registry.Count("GET", new_.config_digest().text()), 1);
}

TEST_F(RoundTest, SeesHostsThatWereConfiguredBetweenRounds) {
  CacheOld();
  scene_.mirror.Push("app", "v1", old_);
  EXPECT_EQ(ResultOf(scene_.Check(), "app:v1").cause, Cause::kTagMoved);
  scene_.UseMirror();
  EXPECT_EQ(ResultOf(scene_.Check(), "app:v1").cause, Cause::kStaleMirror);
  scene_.WriteHosts("server = \"" + scene_.mirror.Url() + "\"\n");
  EXPECT_EQ(ResultOf(scene_.Check(), "app:v1").verdict, Verdict::kFresh);
}

TEST_F(RoundTest, TellsWhichHostHasQuestionsToAnswer) {
  CacheOld();
  std::map<std::string, std::size_t> open;
  std::size_t most = 0;
  CheckOptions options;
  options.waiting = [&](const std::string& host, std::size_t questions) {
    open[host] = questions;
    most = std::max(most, questions);
  };
  (void)scene_.Check({}, options);
  EXPECT_GE(most, 1U);
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_THAT(scene_.registry.Url(), HasSubstr(open.begin()->first));
  EXPECT_EQ(open.begin()->second, 0U);
}

TEST_F(RoundTest, FailsWhereAPatternMatchesNothing) {
  CacheOld();
  CheckOptions options;
  options.selection.patterns.push_back(*NamePattern::Parse("registry.test/none:v1"));
  EXPECT_TRUE(absl::IsNotFound(scene_.agent->Check(options, {}).status()));
  EXPECT_EQ(scene_.agent->counts().batches, 0U);
}

TEST_F(RoundTest, JudgesANameThatTheNodeDoesNotHave) {
  CheckOptions options;
  options.uncached.push_back(*image::Reference::Parse(NameOf("app:v1")));
  const auto result = ResultOf(scene_.Check({}, options), "app:v1");
  EXPECT_EQ(result.origin_digest, new_.digest());
}

}  // namespace
}  // namespace tagdrift::agent
