#include "registry/http/circuit_breaker.h"

#include <gtest/gtest.h>

#include "played_exchange.h"

namespace tagdrift::registry {
namespace {

using hosts::Failure;
using std::chrono::seconds;

const SteadyTime kClosed{};

TEST(CircuitBreaker, LetsOneInAloneUntilItsOutcomeIsKnown) {
  CircuitBreaker breaker;
  EXPECT_EQ(breaker.Enter(kClosed), CircuitBreaker::Entry::kFirstContact);
  EXPECT_EQ(breaker.Enter(kClosed), CircuitBreaker::Entry::kWait);
  breaker.Succeed();
  EXPECT_EQ(breaker.Enter(kClosed), CircuitBreaker::Entry::kGo);
}

TEST(CircuitBreaker, SharesAFailureForAWhile) {
  CircuitBreaker breaker;
  breaker.Enter(kClosed);
  breaker.Fail(Break(Failure::kConnect, "connection refused"), kClosed);
  EXPECT_EQ(breaker.Enter(kClosed + seconds(9)), CircuitBreaker::Entry::kUnreachable);
  EXPECT_EQ(breaker.failure().detail, "connection refused");
  EXPECT_EQ(breaker.Enter(kClosed + seconds(10)), CircuitBreaker::Entry::kFirstContact);
  EXPECT_EQ(breaker.Enter(kClosed + seconds(10)), CircuitBreaker::Entry::kWait);
}

TEST(CircuitBreaker, IsClosedByThePlaceNotByOneAnswer) {
  for (const Failure failure :
       {Failure::kName, Failure::kConnect, Failure::kTls, Failure::kTimeout, Failure::kDeadline}) {
    EXPECT_TRUE(CircuitBreaker::IsUnreachable(Break(failure, "")));
  }
  EXPECT_FALSE(CircuitBreaker::IsUnreachable(Break(Failure::kClosed, "")));
  EXPECT_FALSE(CircuitBreaker::IsUnreachable(Respond(500)));
}

TEST(CircuitBreaker, SharesTheNextFailureForTwiceAsLongUpToFiveMinutes) {
  CircuitBreaker breaker;
  SteadyTime now = kClosed;
  for (const seconds shared :
       {seconds(10), seconds(20), seconds(40), seconds(80), seconds(160), seconds(300), seconds(300)}) {
    ASSERT_EQ(breaker.Enter(now), CircuitBreaker::Entry::kFirstContact);
    breaker.Fail(Break(Failure::kName, "no such host"), now);
    EXPECT_EQ(breaker.Enter(now + shared - seconds(1)), CircuitBreaker::Entry::kUnreachable);
    now += shared;
  }
  ASSERT_EQ(breaker.Enter(now), CircuitBreaker::Entry::kFirstContact);
  breaker.Succeed();
  breaker.Fail(Break(Failure::kName, "no such host"), now);
  EXPECT_EQ(breaker.Enter(now + seconds(10)), CircuitBreaker::Entry::kFirstContact) << "once open, it starts anew";
}

TEST(CircuitBreaker, LetsAnotherTryWhenTheFirstContactIsGivenUp) {
  CircuitBreaker breaker;
  ASSERT_EQ(breaker.Enter(kClosed), CircuitBreaker::Entry::kFirstContact);
  breaker.Abandon();
  EXPECT_EQ(breaker.Enter(kClosed), CircuitBreaker::Entry::kFirstContact);
  EXPECT_EQ(breaker.Enter(kClosed), CircuitBreaker::Entry::kWait);
}

TEST(CircuitBreaker, LetsOneMoreGoBesideASilentFirstContact) {
  CircuitBreaker breaker;
  ASSERT_EQ(breaker.Enter(kClosed), CircuitBreaker::Entry::kFirstContact);
  breaker.AllowAnotherContact();
  EXPECT_EQ(breaker.Enter(kClosed), CircuitBreaker::Entry::kFirstContact);
  EXPECT_EQ(breaker.Enter(kClosed), CircuitBreaker::Entry::kWait);
  breaker.Abandon();
  EXPECT_EQ(breaker.Enter(kClosed), CircuitBreaker::Entry::kWait) << "one is still under way";
  breaker.Abandon();
  EXPECT_EQ(breaker.Enter(kClosed), CircuitBreaker::Entry::kFirstContact);
}

TEST(CircuitBreaker, ForgetsNoFailureForAContactThatIsGivenUp) {
  CircuitBreaker breaker;
  breaker.Enter(kClosed);
  breaker.Fail(Break(Failure::kConnect, "connection refused"), kClosed);
  ASSERT_EQ(breaker.Enter(kClosed + seconds(10)), CircuitBreaker::Entry::kFirstContact);
  breaker.Abandon();
  ASSERT_EQ(breaker.Enter(kClosed + seconds(10)), CircuitBreaker::Entry::kFirstContact);
  breaker.Fail(Break(Failure::kConnect, "connection refused"), kClosed + seconds(10));
  EXPECT_EQ(breaker.Enter(kClosed + seconds(29)), CircuitBreaker::Entry::kUnreachable) << "for twice as long";
}

}  // namespace
}  // namespace tagdrift::registry
