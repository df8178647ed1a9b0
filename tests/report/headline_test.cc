#include <gtest/gtest.h>

#include "rounds.h"
#include "tagdrift/report/report.h"

namespace tagdrift::report {
namespace {

using judge::Cause;
using judge::Outcome;
using judge::Verdict;

std::string HeadlineOf(std::vector<JudgedTag> tags) { return ToMessage(RoundOf(std::move(tags))).summary().headline(); }

JudgedTag Fresh() { return Tag("registry.test/a:1", Verdict::kFresh); }
JudgedTag Behind() {
  return FromMirror(Tag("registry.test/b:1", Verdict::kStale, Cause::kStaleMirror), Outcome::kStale);
}
JudgedTag Moved() { return Tag("registry.test/c:1", Verdict::kStale, Cause::kTagMoved); }
JudgedTag Denied() { return Tag("registry.test/d:1", Verdict::kUndecided, Cause::kUnauthorized); }

TEST(Headline, CountsWhatIsStaleAndWhoIsToBlame) {
  EXPECT_EQ(HeadlineOf({Fresh(), Used(Behind()), Behind(), Moved()}),
            "3 of 4 tags are stale (1 in use): 2 behind mirror.test, 1 moved upstream");
  EXPECT_EQ(HeadlineOf({Fresh(), Moved()}), "1 of 2 tags is stale (0 in use): 1 moved upstream");
}

TEST(Headline, MentionsUndecidedTagsBesideStaleOnes) {
  EXPECT_EQ(HeadlineOf({Moved(), Denied()}), "1 of 2 tags is stale (0 in use): 1 moved upstream; 1 undecided");
}

TEST(Headline, NamesTheReasonForUndecidedTags) {
  EXPECT_EQ(HeadlineOf({Fresh(), Denied(), Denied()}), "2 of 3 tags are undecided: 2 unauthorized");
}

TEST(Headline, NamesADowngradeRisk) {
  EXPECT_EQ(HeadlineOf({FromMirror(Fresh(), Outcome::kStale)}),
            "The one tag is fresh; 1 at risk of a downgrade by mirror.test");
  EXPECT_EQ(HeadlineOf({Fresh(), FromMirror(Fresh(), Outcome::kStale)}),
            "All 2 tags are fresh; 1 at risk of a downgrade by mirror.test");
}

/// The route of registry.test behind another mirror.
Round BehindMirror(const std::string& mirror, std::vector<JudgedTag> tags) {
  Round round = RoundOf(std::move(tags));
  round.routes.erase("registry.test");
  round.routes.emplace("registry.test", RouteOf("registry.test", mirror));
  return round;
}

TEST(Headline, NamesADowngradeRiskByAMirrorOfALongName) {
  const Round round =
      BehindMirror("harbor-cache.prod.example.com:5000", {Fresh(), FromMirror(Fresh(), Outcome::kStale)});
  EXPECT_EQ(ToMessage(round).summary().headline(), "All 2 tags are fresh; 1 at risk of a downgrade by a mirror");
}

TEST(Headline, SaysThatAMirrorOfALongNameIsBehind) {
  const Round round = BehindMirror(std::string(68, 'm'), {Fresh(), Used(Behind())});
  EXPECT_EQ(ToMessage(round).summary().headline(), "1 of 2 tags is stale (1 in use): 1 behind a mirror");
}

TEST(Headline, NamesADowngradeRiskBesideAPodOfAnotherImage) {
  Round round = OldPod();
  round.tags.push_back(FromMirror(Fresh(), Outcome::kStale));
  EXPECT_EQ(ToMessage(round).summary().headline(),
            "All 2 tags are fresh; 1 pod still runs another image; 1 at risk of a downgrade");
}

TEST(Headline, NamesTheMirrorOfARiskRatherThanWhatFreshWasMeasuredBy) {
  Round round = RoundOf({FromMirror(Fresh(), Outcome::kStale)});
  round.routes.at("registry.test").origin_is_other_host = true;
  EXPECT_EQ(ToMessage(round).summary().headline(), "The one tag is fresh; 1 at risk of a downgrade by mirror.test");
}

TEST(Headline, LeavesOutTheBreakdownRatherThanADowngradeRisk) {
  std::vector<JudgedTag> tags = {FromMirror(Fresh(), Outcome::kStale)};
  for (const Cause cause : {Cause::kTagMoved, Cause::kWrongPlatform}) {
    tags.push_back(Tag("registry.test/b:1", Verdict::kStale, cause));
  }
  EXPECT_EQ(HeadlineOf(std::move(tags)), "2 of 3 tags are stale (0 in use); 1 at risk of a downgrade by mirror.test");
}

/// The container of shop/web-0 runs the origin's image, of a tag that is not listed; a restart brings the mirror's.
Round PodAtRisk() {
  Round round = OldPod();
  round.asked_for = std::move(round.tags);
  round.tags = {Fresh()};
  round.containers[0].verdict = Verdict::kFresh;
  round.containers[0].cause = Cause::kNone;
  round.containers[0].downgrade_risk = true;
  round.containers[0].restart = {.outcome = Outcome::kStale, .pulls = true, .host = 0};
  return round;
}

TEST(Headline, NamesThePodsThatARestartWouldDowngrade) {
  Round round = PodAtRisk();
  EXPECT_EQ(ToMessage(round).summary().headline(), "The one tag is fresh; 1 pod at risk of a downgrade by mirror.test");
  round.tags[0] = FromMirror(Fresh(), Outcome::kStale);
  EXPECT_EQ(ToMessage(round).summary().headline(),
            "The one tag is fresh; 1 tag and 1 pod at risk of a downgrade by mirror.test");
  round.tags.clear();
  round.tags_on_node = 2;
  EXPECT_EQ(ToMessage(round).summary().headline(),
            "No tag was selected (of 2 on this node); 1 pod at risk of a downgrade");
}

TEST(Headline, BlamesNoMirrorWhereARestartStartsAnOldImageThatIsHere) {
  Round round = PodAtRisk();
  round.containers[0].restart = {.outcome = Outcome::kStale};
  EXPECT_EQ(ToMessage(round).summary().headline(), "The one tag is fresh; 1 pod at risk of a downgrade");
}

TEST(Headline, DoesNotCountARiskTwiceThatTheTagHasToo) {
  Round round = PodAtRisk();
  round.tags = {FromMirror(round.asked_for[0], Outcome::kStale)};
  round.asked_for.clear();
  EXPECT_EQ(ToMessage(round).summary().headline(), "The one tag is fresh; 1 at risk of a downgrade by mirror.test");
}

TEST(Headline, DoesNotPutTheRisksOfAllMirrorsDownToTheFirst) {
  Round round = RoundOf(
      {FromMirror(Fresh(), Outcome::kStale), FromMirror(Tag("other.test/a:1", Verdict::kFresh), Outcome::kStale)});
  round.routes.emplace("other.test", RouteOf("other.test", "mirror.other"));
  EXPECT_EQ(ToMessage(round).summary().headline(), "All 2 tags are fresh; 2 at risk of a downgrade by 2 mirrors");
}

TEST(Headline, NamesPullsThatWouldFail) {
  EXPECT_EQ(HeadlineOf({Fresh(), FromMirror(Fresh(), Outcome::kFails)}), "All 2 tags are fresh; 1 pull would fail");
}

TEST(Headline, TellsFreshFromLocalAndByDigest) {
  EXPECT_EQ(
      HeadlineOf({Fresh(), Tag("registry.test/l:1", Verdict::kLocal), Tag("registry.test/i:1", Verdict::kImmutable)}),
      "No tag is stale: 1 fresh, 1 local, 1 by digest");
}

TEST(Headline, SaysThatATagIsGone) {
  EXPECT_EQ(HeadlineOf({Fresh(), Used(Tag("registry.test/g:1", Verdict::kGone, Cause::kTagDeleted))}),
            "1 of 2 tags is gone upstream (1 in use)");
}

TEST(Headline, SaysThatNothingIsCached) { EXPECT_EQ(HeadlineOf({}), "No tags are cached on this node"); }

TEST(Headline, SaysByWhomFreshWasMeasured) {
  Round round = RoundOf({Fresh()});
  round.routes.at("registry.test").origin_is_other_host = true;
  EXPECT_EQ(ToMessage(round).summary().headline(), "The one tag is fresh: as fresh as registry.test");
}

TEST(Headline, DoesNotMeasureTagsOfManyRegistriesByTheFirstHost) {
  Round round = RoundOf({Fresh(), Tag("other.test/a:1", Verdict::kFresh), Tag("third.test/a:1", Verdict::kFresh)});
  round.routes.emplace("other.test", RouteOf("other.test", "mirror.other"));
  round.routes.emplace("third.test", RouteOf("third.test", "mirror.third"));
  round.routes.at("other.test").origin_is_other_host = true;
  EXPECT_EQ(ToMessage(round).summary().headline(), "All 3 tags are fresh: 1 only as fresh as other.test");
  round.routes.at("third.test").origin_is_other_host = true;
  EXPECT_EQ(ToMessage(round).summary().headline(), "All 3 tags are fresh: 2 only as fresh as 2 other hosts");
}

TEST(Headline, DoesNotCallANodeEmptyWhoseTagsWereNotSelected) {
  Round round = RoundOf({});
  round.tags_on_node = 12;
  EXPECT_EQ(ToMessage(round).summary().headline(), "No tag was selected (of 12 on this node)");
}

TEST(Headline, SaysThatAWebPageIsNotAnImage) {
  EXPECT_EQ(HeadlineOf({Tag("registry.test/w:1", Verdict::kStale, Cause::kNotAnImage)}),
            "1 of 1 tag is stale (0 in use): 1 not an image");
}

TEST(Headline, StaysWithinEightyCharacters) {
  std::vector<JudgedTag> tags;
  for (const Cause cause : {Cause::kStaleMirror, Cause::kMirrorDiffers, Cause::kTagMoved, Cause::kPullWouldFail,
                            Cause::kWrongPlatform, Cause::kForecastUnknown}) {
    for (int i = 0; i < 1000; ++i)
      tags.push_back(FromMirror(Tag("registry.test/b:1", Verdict::kStale, cause), Outcome::kStale));
  }
  for (int i = 0; i < 1000; ++i) tags.push_back(Denied());
  const std::string headline = HeadlineOf(std::move(tags));
  EXPECT_LE(headline.size(), 80U) << headline;
  EXPECT_EQ(headline.rfind("6000 of 7000 tags are stale (0 in use)", 0), 0U) << headline;
  EXPECT_NE(headline.find("1000 undecided"), std::string::npos) << headline;
}

}  // namespace
}  // namespace tagdrift::report
