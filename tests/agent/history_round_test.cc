// What a round says by what earlier ones saw.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "scene.h"

namespace tagdrift::agent {
namespace {

using judge::Cause;
using judge::Verdict;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const absl::Time kNow = absl::FromCivil(absl::CivilDay(2026, 3, 1), absl::UTCTimeZone());

/// The system's, but for the wall clock.
class WallClock final : public Clock {
 public:
  SteadyTime Steady() const override { return SystemClock()->Steady(); }
  absl::Time Wall() const override { return now; }
  bool WaitUntil(SteadyTime until, std::stop_token stop) const override {
    return SystemClock()->WaitUntil(until, std::move(stop));
  }

  absl::Time now = kNow;
};

class HistoryRoundTest : public testing::Test {
 protected:
  const hosts::TreeFolder state_;
  const std::shared_ptr<WallClock> clock_ = std::make_shared<WallClock>();
  Scene scene_{{}, absl::Seconds(45), state_.path(), clock_};
  const SampleImage first_{"first", 2024};
  /// Built earlier than what it follows: its time proves nothing.
  const SampleImage second_{"second", 2020};
};

TEST_F(HistoryRoundTest, AMirrorIsBehindWithWhatTheOriginServedBefore) {
  scene_.Cache(NameOf("app:v1"), first_);
  scene_.UseMirror();
  scene_.mirror.Push("app", "v1", first_);
  scene_.registry.Push("app", "v1", first_);
  EXPECT_EQ(ResultOf(scene_.Check(), "app:v1").verdict, Verdict::kFresh);

  scene_.registry.Push("app", "v1", second_);
  const auto result = ResultOf(scene_.Check(), "app:v1");
  EXPECT_EQ(result.verdict, Verdict::kStale) << result.reason;
  EXPECT_EQ(result.cause, Cause::kStaleMirror);
  EXPECT_EQ(result.hosts[0].state, judge::HostState::kBehind);
}

TEST_F(HistoryRoundTest, StaleSinceItWasFirstSeen) {
  scene_.Cache(NameOf("app:v1"), first_);
  scene_.registry.Push("app", "v1", second_);
  EXPECT_EQ(ResultOf(scene_.Check(), "app:v1").first_seen, kNow);
  clock_->now = kNow + absl::Hours(72);
  EXPECT_EQ(ResultOf(scene_.Check(), "app:v1").first_seen, kNow);
  clock_->now = kNow - absl::Hours(1);
  EXPECT_EQ(ResultOf(scene_.Check(), "app:v1").first_seen, clock_->now);
}

TEST_F(HistoryRoundTest, WhatCannotBeKeptIsOneNoteOfTheRound) {
  scene_.Cache(NameOf("app:v1"), first_);
  scene_.registry.Push("app", "v1", first_);
  EXPECT_THAT(scene_.Check().node.notes, IsEmpty());
  state_.Write("history.json", "{");
  const auto notes = scene_.Check().node.notes;
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_THAT(notes[0], HasSubstr("set aside"));
  EXPECT_THAT(scene_.Check().node.notes, IsEmpty());
}

}  // namespace
}  // namespace tagdrift::agent
