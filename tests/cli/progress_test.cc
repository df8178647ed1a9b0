#include "progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tagdrift::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr SteadyTime kStart = SteadyTime(seconds(1000));

TEST(RoundState, NamesTheHostThatKeepsACheckWaitingAndHowLong) {
  RoundState state;
  state.SetSettled(2, 30);
  state.SetOpen("quick.corp", 3, kStart + seconds(11));
  state.SetOpen("mirror.corp", 24, kStart);
  state.SetOpen("mirror.corp", 25, kStart + seconds(5));
  EXPECT_EQ(state.Text(kStart + milliseconds(12'900)),
            "checked 2 of 30 tags; mirror.corp has not answered for 12 s (25 questions)");
}

TEST(RoundState, CountsAHostsSilenceFromItsLastAnswer) {
  RoundState state;
  state.SetOpen("mirror.corp", 2, kStart);
  state.SetOpen("mirror.corp", 1, kStart + seconds(9));
  EXPECT_THAT(state.Text(kStart + seconds(10)), HasSubstr("for 1 s (1 question)"));
}

TEST(RoundState, NamesNoHostThatHasAnsweredAllOrJustNow) {
  RoundState state;
  state.SetSettled(1, 2);
  state.SetOpen("done.corp", 1, kStart);
  state.SetOpen("done.corp", 0, kStart + seconds(1));
  state.SetOpen("new.corp", 1, kStart + seconds(59));
  EXPECT_EQ(state.Text(kStart + milliseconds(59'900)), "checked 1 of 2 tags");
}

TEST(RoundState, FitsALine) {
  RoundState state;
  state.SetOpen(std::string(300, 'x'), 1, kStart);
  EXPECT_EQ(state.Text(kStart + seconds(5)).size(), 79U);
}

}  // namespace
}  // namespace tagdrift::cli
