#include "tagdrift/report/report.h"

#include <gtest/gtest.h>

#include "rounds.h"

namespace tagdrift::report {
namespace {

using judge::Cause;
using judge::Outcome;
using judge::RemedyKind;
using judge::Verdict;

hosts::Answer Answered(const std::string& content) {
  hosts::Answer answer;
  answer.status = 200;
  answer.digest_header = image::Digest::OfBytes(content).text();
  answer.asked_at = absl::FromUnixSeconds(1'700'000'000);
  answer.latency = absl::Milliseconds(50);
  return answer;
}

v1::TagReport OneTag(JudgedTag tag) { return ToMessage(RoundOf({std::move(tag)})).tags(0); }

TEST(ToMessage, KeepsTheFourDigestsApart) {
  JudgedTag tag = FromMirror(Tag("registry.test/b:1", Verdict::kStale, Cause::kStaleMirror), Outcome::kStale);
  tag.facts.image.cri_image_id = "sha256:image";
  const v1::TagReport report = OneTag(tag);
  EXPECT_EQ(report.cached_digest(), image::Digest::OfBytes("cached").text());
  EXPECT_EQ(report.origin_digest(), image::Digest::OfBytes("origin").text());
  EXPECT_EQ(report.next_pull().digest(), image::Digest::OfBytes("mirror").text());
  EXPECT_EQ(report.image_id(), "sha256:image");
  EXPECT_EQ(report.next_pull().host(), "https://mirror.test/v2");
  EXPECT_EQ(report.origin().url(), "https://registry.test/v2");
  EXPECT_EQ(report.origin().source(), v1::ORIGIN_SOURCE_DEFAULT);
}

TEST(ToMessage, BlamesTheMirrorAndSaysWhatToDo) {
  JudgedTag tag = FromMirror(Tag("registry.test/b:1", Verdict::kStale, Cause::kStaleMirror), Outcome::kStale);
  tag.result.remedies = {{.kind = RemedyKind::kPurgeMirror, .host = 0}, {.kind = RemedyKind::kRefresh}};
  const v1::TagReport report = OneTag(tag);
  EXPECT_NE(report.detail().find("https://mirror.test/v2 is asked first and still serves"), std::string::npos)
      << report.detail();
  ASSERT_EQ(report.remedies_size(), 2);
  EXPECT_EQ(report.remedies(0).kind(), v1::REMEDY_KIND_PURGE_MIRROR);
  EXPECT_EQ(report.remedies(0).host(), "https://mirror.test/v2");
  EXPECT_EQ(report.remedies(0).repository(), "b");
  EXPECT_EQ(report.remedies(0).tag(), "1");
  EXPECT_EQ(report.remedies(0).command(), "") << "what deletes there takes every tag of the digest along";
  EXPECT_EQ(report.remedies(1).kind(), v1::REMEDY_KIND_REFRESH);
  EXPECT_EQ(report.remedies(1).command(), "tagdrift refresh registry.test/b:1");
}

TEST(ToMessage, SaysWhatThePullBringsWhereItCannotBeCompared) {
  JudgedTag tag = FromMirror(Tag("registry.test/b:1", Verdict::kStale, Cause::kForecastUnknown), Outcome::kUndecided);
  EXPECT_EQ(OneTag(tag).detail(), "https://registry.test/v2 has " + image::Digest::OfBytes("origin").Short() +
                                      "; the next pull brings " + image::Digest::OfBytes("mirror").Short() +
                                      " from https://mirror.test/v2, and nothing says how that compares with the "
                                      "origin's");
}

TEST(ToMessage, HasALatencyOnlyWhereOneWasMeasured) {
  JudgedTag tag = Tag("registry.test/b:1", Verdict::kUndecided, Cause::kOriginUnreachable);
  tag.result.hosts[0].answer = Answered("mirror");
  tag.result.hosts[1].answer = hosts::Answer{.failure = hosts::Failure::kDeadline, .failure_detail = "no answer"};
  const v1::TagReport report = OneTag(tag);
  EXPECT_EQ(report.hosts(0).latency().nanos(), 50'000'000);
  EXPECT_FALSE(report.hosts(1).has_latency());
  EXPECT_EQ(report.hosts(1).error(), "no answer");
}

TEST(ToMessage, ShowsTheWholeWalk) {
  JudgedTag tag = FromMirror(Tag("registry.test/b:1", Verdict::kFresh), Outcome::kFresh);
  tag.result.next_pull.walk = {{0, hosts::WalkReason::kAccepted, 200}};
  tag.result.hosts[0].answer = Answered("mirror");
  const v1::NextPull pull = OneTag(tag).next_pull();
  ASSERT_EQ(pull.walk_size(), 2);
  EXPECT_EQ(pull.walk(0).why(), v1::WALK_REASON_ACCEPTED);
  EXPECT_EQ(pull.walk(0).answer(), "200 " + image::Digest::OfBytes("mirror").text());
  EXPECT_EQ(pull.walk(1).why(), v1::WALK_REASON_NOT_REACHED);
  EXPECT_EQ(pull.walk(1).answer(), "");
}

TEST(ToMessage, KeepsTheFirstAnswerOfAHostThatChangedIt) {
  JudgedTag tag = Tag("registry.test/b:1", Verdict::kFresh);
  tag.result.hosts[0].state = judge::HostState::kInSync;
  tag.result.hosts[0].answer = Answered("new");
  tag.result.hosts[0].first_answer = Answered("old");
  const v1::NodeReport report = ToMessage(RoundOf({tag}));
  EXPECT_EQ(report.tags(0).hosts(0).first_answer().digest(), image::Digest::OfBytes("old").text());
  ASSERT_EQ(report.registries(0).notes_size(), 1);
  EXPECT_EQ(report.registries(0).notes(0).kind(), v1::NOTE_KIND_REFRESHED_BY_ASKING);
}

TEST(ToMessage, TellsWhichMirrorContainerdWouldOfferMoreCredentials) {
  JudgedTag tag = Tag("registry.test/b:1", Verdict::kUndecided, Cause::kForecastUnknown);
  tag.result.hosts[0].state = judge::HostState::kDenied;
  tag.result.hosts[0].answer = hosts::Answer{.status = 401, .access = hosts::Access::kDenied};
  tag.result.hosts[1] = tag.result.hosts[0];
  tag.result.next_pull.walk = {{0, hosts::WalkReason::kDenied, 401}};
  const v1::NodeReport report = ToMessage(RoundOf({tag, tag}));
  ASSERT_EQ(report.registries(0).notes_size(), 1) << "once, and not for the registry itself";
  EXPECT_EQ(report.registries(0).notes(0).kind(), v1::NOTE_KIND_CREDENTIALS_FOR_MIRROR);
  EXPECT_NE(report.registries(0).notes(0).detail().find("offers it those that the kubelet has for registry.test"),
            std::string::npos);
  tag.result.hosts[0].answer->status = 403;
  EXPECT_EQ(ToMessage(RoundOf({tag})).registries(0).notes_size(), 0) << "refused for its rights";
}

TEST(ToMessage, SumsUpEachHost) {
  JudgedTag tag = Tag("registry.test/b:1", Verdict::kFresh);
  tag.result.hosts[1].state = judge::HostState::kInSync;
  tag.result.hosts[1].answer = Answered("cached");
  const v1::NodeReport report = ToMessage(RoundOf({tag, tag}));
  const v1::HostSummary& origin = report.registries(0).summary(1);
  EXPECT_EQ(origin.tags_asked(), 2);
  EXPECT_EQ(origin.states().at("HOST_STATE_IN_SYNC"), 2);
  EXPECT_EQ(origin.slowest().nanos(), 50'000'000);
  EXPECT_EQ(report.registries(0).summary(0).states().at("HOST_STATE_NOT_ASKED"), 2);
}

TEST(ToMessage, SaysHowMuchAFindingMatters) {
  Round round = RoundOf({});
  round.routes.at("registry.test").config.notes = {{hosts::NoteKind::kDefaultHidesRoot, "/b", 0, "hidden"}};
  round.node.notes = {"something could not be read"};
  const v1::NodeReport report = ToMessage(round);
  EXPECT_EQ(report.registries(0).notes(0).severity(), v1::SEVERITY_MIRROR_UNUSED);
  EXPECT_EQ(report.findings(0).severity(), v1::SEVERITY_WARNING);
  EXPECT_EQ(report.findings(0).detail(), "something could not be read");
}

TEST(ToMessage, LeavesTheValuesOfAllConfiguredHeadersOut) {
  Round round = RoundOf({});
  hosts::RegistryHost host = round.routes.at("registry.test").config.hosts[0];
  host.headers = {{"Authorization", {"Basic cGxhbnRlZA=="}},
                  {"X-Registry-Token", {"planted"}},
                  {"X-JFrog-Art-Api", {"planted"}},
                  {"X-Passwd", {"planted"}}};
  round.routes.at("registry.test").config.hosts[0] = host;
  const std::string text = ToMessage(round).DebugString();
  EXPECT_EQ(text.find("planted"), std::string::npos);
  EXPECT_EQ(text.find("cGxhbnRlZA"), std::string::npos);
  EXPECT_NE(text.find("X-JFrog-Art-Api"), std::string::npos) << "the names stay";
}

/// Wherever text from a registry, a file or the node can get into a report.
Round HostileRound(const std::string& text) {
  JudgedTag tag = Used(Tag("registry.test/b:1", Verdict::kUndecided, Cause::kOriginUnreachable));
  tag.result.reason = text;
  tag.result.next_pull.pull.detail = text;
  tag.result.hosts[1].answer = hosts::Answer{.failure = hosts::Failure::kClosed, .failure_detail = text};
  tag.facts.image.used_by[0].pod_name = text;
  Round round = RoundOf({tag});
  round.node.notes = {text};
  hosts::RegistryConfig& config = round.routes.at("registry.test").config;
  config.notes = {{hosts::NoteKind::kUnknownKey, text, 1, text}};
  config.hosts[0].host = text;
  config.hosts[0].headers = {{text, {text}}};
  return round;
}

TEST(ToMessage, LetsNoTextSteerATerminal) {
  const std::string text = ToMessage(HostileRound("a\033[2J\n\xc2\x9b\xe2\x80\xae")).DebugString();
  EXPECT_NE(text.find("a\\\\x1b[2J\\\\n\\\\u009b\\\\u202e"), std::string::npos) << text;
  // DebugString writes such characters in octal.
  for (const char* raw : {"\\033", "\\n\"", "\\302", "\\342"}) EXPECT_EQ(text.find(raw), std::string::npos) << raw;
}

TEST(ToMessage, ShowsBytesThatAreNoUtf8) {
  const v1::NodeReport report = ToMessage(HostileRound("m\xff\xfe.test"));
  EXPECT_EQ(report.registries(0).hosts(0).url(), "https://m\\xff\\xfe.test/v2");
  EXPECT_EQ(report.registries(0).hosts(0).headers().begin()->first, "m\\xff\\xfe.test");
  EXPECT_EQ(report.tags(0).used_by(0).pod().name(), "m\\xff\\xfe.test");
  EXPECT_EQ(report.findings(0).detail(), "m\\xff\\xfe.test");
}

TEST(ToMessage, SaysWhoUsesATag) {
  const v1::TagReport report = OneTag(Used(Tag("registry.test/b:1", Verdict::kFresh)));
  ASSERT_EQ(report.used_by_size(), 1);
  EXPECT_EQ(report.used_by(0).pod().namespace_(), "prod");
  EXPECT_EQ(report.used_by(0).basis(), v1::USE_BASIS_SAME_IMAGE);
}

TEST(ToMessage, SaysWhenTheDriftWasFirstSeen) {
  JudgedTag tag = Tag("registry.test/b:1", Verdict::kStale, Cause::kTagMoved);
  EXPECT_FALSE(OneTag(tag).has_first_seen());
  tag.result.first_seen = absl::FromUnixSeconds(1'700'000'000);
  EXPECT_EQ(OneTag(tag).first_seen().seconds(), 1'700'000'000);
}

TEST(ToMessage, KeepsTimesBeforeTheEpochValid) {
  JudgedTag tag = Tag("registry.test/b:1", Verdict::kStale, Cause::kTagMoved);
  tag.result.age.cached_created = absl::FromUnixMillis(-1500);
  const v1::TagReport report = OneTag(tag);
  EXPECT_EQ(report.age().cached_created().seconds(), -2);
  EXPECT_EQ(report.age().cached_created().nanos(), 500'000'000);
}

TEST(ToMessage, HasADetailForEveryVerdictAndCause) {
  for (const Cause cause : {Cause::kNodeDisagrees, Cause::kOriginIsMirror, Cause::kUnauthorized, Cause::kRateLimited,
                            Cause::kOriginUnreachable, Cause::kBadAnswer, Cause::kAmbiguousCache, Cause::kWrongPlatform,
                            Cause::kPullWouldFail, Cause::kForecastUnknown}) {
    JudgedTag tag = Tag("registry.test/b:1", Verdict::kUndecided, cause);
    tag.result.reason = "planted reason";
    const v1::TagReport report = OneTag(tag);
    EXPECT_FALSE(report.detail().empty()) << v1::Cause_Name(report.cause());
    if (cause == Cause::kAmbiguousCache) continue;
    EXPECT_NE(report.detail().find("planted reason"), std::string::npos);
  }
}

}  // namespace
}  // namespace tagdrift::report
