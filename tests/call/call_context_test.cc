#include "tagdrift/call/call_context.h"

#include <gtest/gtest.h>

namespace tagdrift {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr SteadyTime kNow = SteadyTime() + std::chrono::hours(1);

TEST(CallContext, IsShortenedAndNeverExtended) {
  struct Row {
    const char* name;
    SteadyTime deadline;
    SteadyTime now;
    nanoseconds limit;
    SteadyTime expected;
  };
  const SteadyTime max = SteadyTime::max();
  for (const Row& row :
       {Row{"Shorter", kNow + seconds(9), kNow, seconds(2), kNow + seconds(2)},
        Row{"Equal", kNow + seconds(9), kNow, seconds(9), kNow + seconds(9)},
        Row{"Longer", kNow + seconds(9), kNow, seconds(10), kNow + seconds(9)},
        Row{"NoDeadline", max, kNow, seconds(2), kNow + seconds(2)},
        Row{"Nothing", kNow + seconds(9), kNow, seconds(0), kNow},
        Row{"AlreadyOver", kNow - seconds(1), kNow, seconds(2), kNow - seconds(1)},
        Row{"EndlessLimit", kNow + seconds(9), kNow, nanoseconds::max(), kNow + seconds(9)},
        Row{"BothEndless", max, kNow, nanoseconds::max(), max},
        Row{"JustBelowTheEnd", max, max - seconds(2), seconds(2) - nanoseconds(1), max - nanoseconds(1)},
        Row{"PastTheEndOfTime", max, max - seconds(2), seconds(3), max},
        Row{"PastTheEndOfTimeWithDeadline", max - seconds(1), max - seconds(2), seconds(3), max - seconds(1)}}) {
    const CallContext context = CallContext{.deadline = row.deadline}.Within(row.now, row.limit);
    EXPECT_EQ(context.deadline, row.expected) << row.name;
  }
}

TEST(CallContext, HandsItsStopDown) {
  std::stop_source stop;
  const CallContext inner = CallContext{.stop = stop.get_token()}.Within(kNow, seconds(1));
  EXPECT_FALSE(inner.Ended(kNow));
  stop.request_stop();
  EXPECT_TRUE(inner.Ended(kNow));
}

TEST(CallContext, SaysWhatTimeIsLeft) {
  EXPECT_EQ(CallContext{.deadline = kNow + seconds(3)}.Left(kNow), seconds(3));
  EXPECT_EQ(CallContext{.deadline = kNow}.Left(kNow), seconds(0));
  EXPECT_EQ(CallContext{.deadline = kNow - seconds(3)}.Left(kNow), seconds(0));
  EXPECT_EQ(CallContext{}.Left(kNow), nanoseconds::max());
  EXPECT_EQ(CallContext{}.Left(SteadyTime::max()), nanoseconds::max());
}

TEST(CallContext, MayGoOnBeforeItsDeadlineOnly) {
  const CallContext context{.deadline = kNow};
  EXPECT_TRUE(context.Check(kNow - nanoseconds(1), "reading x").ok());
  EXPECT_FALSE(context.Ended(kNow - nanoseconds(1)));
  const absl::Status status = context.Check(kNow, "reading x");
  EXPECT_EQ(status, absl::DeadlineExceededError("reading x: no time is left"));
  EXPECT_TRUE(context.Ended(kNow));
  EXPECT_TRUE(CallContext{}.Check(kNow, "reading x").ok());
}

TEST(CallContext, IsCancelledWhenStoppedWhateverTheTime) {
  std::stop_source stop;
  stop.request_stop();
  for (const SteadyTime deadline : {kNow - seconds(1), kNow + seconds(1), SteadyTime::max()}) {
    const CallContext context{.deadline = deadline, .stop = stop.get_token()};
    EXPECT_EQ(context.Check(kNow, "reading x"), absl::CancelledError("reading x: stopped"));
  }
}

}  // namespace
}  // namespace tagdrift
