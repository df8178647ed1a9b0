#include "agent/history.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "hosts/tree_folder.h"

namespace tagdrift::agent {
namespace {

using judge::Verdict;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const absl::Time kNow = absl::FromCivil(absl::CivilDay(2026, 3, 1), absl::UTCTimeZone());
constexpr absl::Duration kDay = absl::Hours(24);

image::Digest DigestOf(const std::string& text) { return image::Digest::OfBytes(text); }

judge::Route RouteTo(const std::string& origin) {
  hosts::RegistryHost host;
  host.scheme = "https";
  host.host = origin;
  host.path = "/v2";
  hosts::RegistryConfig config;
  config.registry = "registry.test";
  config.hosts = {host};
  return judge::MakeRoute(std::move(config), {2, 1, 9}, std::nullopt);
}

report::JudgedTag Judged(const std::string& name, Verdict verdict, const std::string& served) {
  report::JudgedTag tag{.facts = {.image = {.reference = *image::Reference::Parse("registry.test/" + name)}},
                        .result = {}};
  tag.result.verdict = verdict;
  if (!served.empty()) tag.result.origin_digest = DigestOf(served);
  return tag;
}

/// A round at `time` over one tag, whose origin serves `served` (empty: gives no answer).
report::Round RoundOf(absl::Time time, Verdict verdict, const std::string& served,
                      const std::string& origin = "registry.test") {
  report::Round round;
  round.checked_at = time;
  round.routes.emplace("registry.test", RouteTo(origin));
  round.tags = {Judged("app:v1", verdict, served)};
  return round;
}

std::string ReadText(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Rounds over one tag, each with a History of its own, as the runs of a job are.
class HistoryTest : public testing::Test {
 protected:
  std::string Directory() const { return folder_.path() / "state"; }
  std::filesystem::path File() const { return folder_.path() / "state" / "history.json"; }

  /// Reads and remembers; answers the note.
  std::string RunRound(const report::Round& round) const {
    History history(Directory());
    const History::Known known = history.Read(round.checked_at);
    return history.Remember(known, round);
  }
  facts::TagHistory Seen(absl::Time now, const std::string& origin = "registry.test") const {
    return History(Directory()).Read(now).Of(*image::Reference::Parse("registry.test/app:v1"), RouteTo(origin));
  }

  const hosts::TreeFolder folder_{{{"/state/", ""}}};
};

TEST_F(HistoryTest, FirstSeenIsKeptWhileTheDriftLasts) {
  EXPECT_EQ(Seen(kNow).drift_first_seen, kNow) << "a drift that is found now is first seen now";
  EXPECT_EQ(RunRound(RoundOf(kNow, Verdict::kStale, "new")), "");
  EXPECT_EQ(RunRound(RoundOf(kNow + kDay, Verdict::kUndecided, "")), "");
  EXPECT_EQ(RunRound(RoundOf(kNow + 2 * kDay, Verdict::kGone, "")), "");
  EXPECT_EQ(Seen(kNow + 3 * kDay).drift_first_seen, kNow);
  EXPECT_EQ(RunRound(RoundOf(kNow + 3 * kDay, Verdict::kFresh, "new")), "");
  EXPECT_EQ(RunRound(RoundOf(kNow + 4 * kDay, Verdict::kStale, "newer")), "");
  EXPECT_EQ(Seen(kNow + 5 * kDay).drift_first_seen, kNow + 4 * kDay) << "that is another drift";
}

TEST_F(HistoryTest, ADigestThatTheTagWasMovedBackToKeepsItsFirstTime) {
  RunRound(RoundOf(kNow, Verdict::kFresh, "a"));
  RunRound(RoundOf(kNow + kDay, Verdict::kStale, "b"));
  RunRound(RoundOf(kNow + 2 * kDay, Verdict::kFresh, "a"));
  const auto served = Seen(kNow + 3 * kDay).origin_served;
  ASSERT_THAT(served, SizeIs(2));
  EXPECT_EQ(served[0], (facts::ServedDigest{DigestOf("a"), kNow, kNow + 2 * kDay}));
  EXPECT_EQ(served[1], (facts::ServedDigest{DigestOf("b"), kNow + kDay, kNow + kDay}));
}

TEST_F(HistoryTest, AnAnswerThatIsUsedAgainIsNothingThatTheOriginServedNow) {
  report::Round asked = RoundOf(kNow, Verdict::kFresh, "a");
  asked.tags[0].asked_at = kNow;
  RunRound(asked);
  const std::string before = ReadText(File());
  asked.checked_at = kNow + kDay;
  RunRound(asked);
  EXPECT_EQ(ReadText(File()), before);
}

TEST_F(HistoryTest, WhatOneOriginServedSaysNothingOfAnother) {
  RunRound(RoundOf(kNow, Verdict::kStale, "a", "mirror.test"));
  EXPECT_THAT(Seen(kNow + kDay).origin_served, IsEmpty());
  EXPECT_EQ(Seen(kNow + kDay).drift_first_seen, kNow + kDay);
  EXPECT_THAT(Seen(kNow + kDay, "mirror.test").origin_served, SizeIs(1));
}

TEST_F(HistoryTest, NothingIsKnownWhereNothingIsKept) {
  History none("");
  const History::Known known = none.Read(kNow);
  EXPECT_EQ(known.Of(*image::Reference::Parse("registry.test/app:v1"), RouteTo("registry.test")), facts::TagHistory());
  EXPECT_EQ(none.Remember(known, RoundOf(kNow, Verdict::kStale, "a")), "");
}

TEST_F(HistoryTest, AClockThatIsSetBackLeavesNoTimeThatIsToCome) {
  RunRound(RoundOf(kNow, Verdict::kStale, "a"));
  const absl::Time before = kNow - 10 * kDay;
  EXPECT_EQ(Seen(before).drift_first_seen, before);
  EXPECT_EQ(RunRound(RoundOf(before, Verdict::kStale, "a")), "");
  const auto seen = Seen(kNow);
  EXPECT_EQ(seen.drift_first_seen, before);
  ASSERT_THAT(seen.origin_served, SizeIs(1));
  EXPECT_EQ(seen.origin_served[0].last_seen, before);
}

TEST_F(HistoryTest, AClockThatWasNeverSetSpoilsNothing) {
  RunRound(RoundOf(kNow, Verdict::kStale, "a"));
  const std::string text = ReadText(File());
  EXPECT_THAT(RunRound(RoundOf(absl::UnixEpoch(), Verdict::kStale, "a")), HasSubstr("1970-01-01"));
  EXPECT_EQ(ReadText(File()), text);
}

TEST_F(HistoryTest, TheDigestsOfATagAreBounded) {
  for (std::size_t i = 0; i < History::kMostDigests + 3; ++i) {
    RunRound(RoundOf(kNow + static_cast<int>(i) * kDay, Verdict::kStale, std::to_string(i)));
  }
  const auto served = Seen(kNow + 30 * kDay).origin_served;
  EXPECT_THAT(served, SizeIs(History::kMostDigests));
  EXPECT_EQ(served.back().digest, DigestOf("3")) << "the oldest go first";
}

TEST_F(HistoryTest, WhatIsOldIsForgotten) {
  RunRound(RoundOf(kNow, Verdict::kStale, "a"));
  RunRound(RoundOf(kNow + kDay, Verdict::kStale, "b"));
  RunRound(RoundOf(kNow + History::kMostAge + kDay, Verdict::kStale, "b"));
  const auto seen = Seen(kNow + History::kMostAge + kDay);
  EXPECT_EQ(seen.drift_first_seen, kNow) << "it still lasts";
  ASSERT_THAT(seen.origin_served, SizeIs(1));
  EXPECT_EQ(seen.origin_served[0].digest, DigestOf("b"));
}

TEST(HistoryBounds, TagsThatWereNotLookedAtForTheLongestTimeGoFirst) {
  record::Histories tags;
  report::Round round = RoundOf(kNow, Verdict::kFresh, "a");
  round.tags.clear();
  for (std::size_t i = 0; i < History::kMostTags; ++i) {
    round.tags.push_back(Judged("app:v" + std::to_string(i), Verdict::kFresh, "a"));
  }
  Update(tags, round);
  Update(tags, RoundOf(kNow + kDay, Verdict::kFresh, "a"));
  round = RoundOf(kNow + 2 * kDay, Verdict::kFresh, "a");
  round.tags = {Judged("new:1", Verdict::kFresh, "a")};
  Update(tags, round);
  EXPECT_THAT(tags, SizeIs(History::kMostTags));
  EXPECT_TRUE(tags.contains({"registry.test/new:1", "https://registry.test/v2"}));
  EXPECT_TRUE(tags.contains({"registry.test/app:v1", "https://registry.test/v2"})) << "looked at again";
  round.checked_at = kNow + History::kMostAge + 3 * kDay;
  Update(tags, round);
  EXPECT_THAT(tags, SizeIs(1));
}

TEST_F(HistoryTest, AFileThatCannotBeUnderstoodIsSetAsideWithOneNote) {
  const char* const kTexts[] = {"", "{\"format\":\"tagdrift history\",\"ver", "{}",
                                R"({"format":"tagdrift history","version":2,"tags":"in another way"})"};
  for (const std::string text : kTexts) {
    folder_.Write("/state/history.json", text);
    EXPECT_THAT(RunRound(RoundOf(kNow, Verdict::kStale, "a")),
                HasSubstr("set aside as " + File().string() + ".unreadable"));
    EXPECT_EQ(ReadText(File().string() + ".unreadable"), text);
    EXPECT_EQ(RunRound(RoundOf(kNow + kDay, Verdict::kStale, "a")), "");
    EXPECT_EQ(Seen(kNow + 2 * kDay).drift_first_seen, kNow);
  }
}

TEST_F(HistoryTest, AFileThatIsTooLargeIsSetAside) {
  folder_.Write("/state/history.json", std::string(33 << 20, ' '));
  EXPECT_THAT(RunRound(RoundOf(kNow, Verdict::kStale, "a")), HasSubstr("set aside"));
  EXPECT_THAT(Seen(kNow).origin_served, SizeIs(1));
}

TEST_F(HistoryTest, ADirectoryThatIsMissingIsOneNote) {
  std::filesystem::remove_all(Directory());
  EXPECT_THAT(RunRound(RoundOf(kNow, Verdict::kStale, "a")), HasSubstr("is not kept in " + Directory()));
  EXPECT_FALSE(std::filesystem::exists(Directory()));
}

/// What cannot be written is read all the same.
TEST_F(HistoryTest, ADirectoryThatCannotBeWrittenIsOneNote) {
  RunRound(RoundOf(kNow, Verdict::kStale, "a"));
  std::filesystem::remove(Directory() + "/history.lock");
  std::filesystem::create_directory(Directory() + "/history.lock");
  EXPECT_THAT(RunRound(RoundOf(kNow + kDay, Verdict::kStale, "b")), HasSubstr("is not kept in"));
  EXPECT_EQ(Seen(kNow + 2 * kDay).drift_first_seen, kNow);
  EXPECT_THAT(Seen(kNow + 2 * kDay).origin_served, SizeIs(1));
}

TEST_F(HistoryTest, ADirectoryInPlaceOfTheFileIsOneNote) {
  std::filesystem::create_directory(File());
  EXPECT_THAT(RunRound(RoundOf(kNow, Verdict::kStale, "a")), HasSubstr("no regular file"));
  EXPECT_TRUE(std::filesystem::is_directory(File()));
}

TEST_F(HistoryTest, WhileAnotherProcessWritesItIsOnlyRead) {
  RunRound(RoundOf(kNow, Verdict::kStale, "a"));
  const std::string text = ReadText(File());
  const int lock = open((Directory() + "/history.lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(lock, LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(RunRound(RoundOf(kNow + kDay, Verdict::kStale, "b")), "");
  EXPECT_EQ(ReadText(File()), text);
  EXPECT_EQ(Seen(kNow + kDay).drift_first_seen, kNow);
  close(lock);
  EXPECT_EQ(RunRound(RoundOf(kNow + kDay, Verdict::kStale, "b")), "");
  EXPECT_THAT(Seen(kNow + kDay).origin_served, SizeIs(2));
}

TEST_F(HistoryTest, RoundsThatEndTogetherLoseNothing) {
  History history(Directory());
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        const History::Known known = history.Read(kNow);
        EXPECT_EQ(history.Remember(known, RoundOf(kNow, Verdict::kStale, std::to_string(i))), "");
      });
    }
  }
  EXPECT_THAT(Seen(kNow).origin_served, SizeIs(4));
}

TEST_F(HistoryTest, AWriterThatWasKilledBeforeItsFileWasInPlaceLeavesTheOldOne) {
  RunRound(RoundOf(kNow, Verdict::kStale, "a"));
  folder_.Write("/state/history.json.new", "{\"format\":\"tagdrift hist");
  EXPECT_EQ(Seen(kNow + kDay).drift_first_seen, kNow);
  EXPECT_EQ(RunRound(RoundOf(kNow + kDay, Verdict::kStale, "b")), "");
  EXPECT_THAT(Seen(kNow + kDay).origin_served, SizeIs(2));
  EXPECT_FALSE(std::filesystem::exists(File().string() + ".new"));
}

}  // namespace
}  // namespace tagdrift::agent
