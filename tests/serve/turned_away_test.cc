#include "serve/turned_away.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "registry/manual_clock.h"

namespace tagdrift::serve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class TurnedAwayTest : public testing::Test {
 protected:
  /// What has been told since the last call.
  std::vector<std::string> Told() { return std::exchange(told_, {}); }

  std::vector<std::string> told_;
  const std::shared_ptr<registry::ManualClock> clock_ = std::make_shared<registry::ManualClock>();
  TurnedAway turned_away_{
      [this](const std::string& who, int times) { told_.push_back(who + " " + std::to_string(times)); }, clock_};
};

TEST_F(TurnedAwayTest, TheFirstIsToldOfAtOnceAndTheRestOnceAMinute) {
  for (int i = 0; i < 1000; ++i) turned_away_.Add("uid 7");
  turned_away_.Add("uid 8");
  EXPECT_THAT(Told(), ElementsAre("uid 7 1", "uid 8 1"));
  turned_away_.TellRest();
  EXPECT_THAT(Told(), IsEmpty()) << "within the minute";
  clock_->Advance(std::chrono::minutes(1));
  turned_away_.TellRest();
  EXPECT_THAT(Told(), ElementsAre("uid 7 999"));
  turned_away_.Add("uid 7");
  EXPECT_THAT(Told(), IsEmpty()) << "within the next minute";
  clock_->Advance(std::chrono::minutes(1));
  turned_away_.TellRest();
  EXPECT_THAT(Told(), ElementsAre("uid 7 1"));
  clock_->Advance(std::chrono::minutes(1));
  turned_away_.TellRest();
  turned_away_.Add("uid 7");
  EXPECT_THAT(Told(), ElementsAre("uid 7 1")) << "after a minute of peace";
}

TEST_F(TurnedAwayTest, WhatIsTheSameButForItsWordsIsOneLine) {
  for (int i = 0; i < 1000; ++i) turned_away_.Add("uid 7", "uid 7: no pattern: " + std::to_string(i));
  EXPECT_THAT(Told(), ElementsAre("uid 7: no pattern: 0 1"));
  clock_->Advance(std::chrono::minutes(1));
  turned_away_.TellRest();
  EXPECT_THAT(Told(), ElementsAre("uid 7: no pattern: 999 999"));
}

TEST_F(TurnedAwayTest, ManyPeersAreFewLines) {
  for (int i = 0; i < 1000; ++i) turned_away_.Add(std::to_string(i));
  EXPECT_THAT(Told(), SizeIs(TurnedAway::kMost + 1));
  clock_->Advance(std::chrono::minutes(1));
  turned_away_.TellRest();
  EXPECT_THAT(Told(), ElementsAre("others " + std::to_string(1000 - TurnedAway::kMost - 1)));
}

}  // namespace
}  // namespace tagdrift::serve
