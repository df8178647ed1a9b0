#include "credentials/single_flight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "process_watch.h"

namespace tagdrift::credentials {
namespace {

using Flights = SingleFlight<int>;

/// A flight under "key" that a thread of its own has begun, and that lasts until Land.
class Begun {
 public:
  explicit Begun(Flights& flights)
      : thread_([this, &flights] {
          result = flights.Do("key", {}, [this]() -> Flights::Result {
            begun_.count_down();
            landing_.wait();
            return lands_with_;
          });
        }) {
    begun_.wait();
  }
  ~Begun() {
    if (thread_.joinable()) Land(0);
  }

  void Land(Flights::Result value) {
    lands_with_ = std::move(value);
    landing_.count_down();
    thread_.join();
  }

  Flights::Result result = absl::UnknownError("not landed");

 private:
  std::latch begun_{1};
  std::latch landing_{1};
  Flights::Result lands_with_ = 0;
  std::jthread thread_;
};

/// A thread that wants "key" and waits for another's flight.
class Waiting {
 public:
  Waiting(Flights& flights, CallContext context, std::function<Flights::Result()> work)
      : thread_([this, &flights, context = std::move(context), work = std::move(work)] {
          number_ = gettid();
          asks_.count_down();
          result_ = flights.Do("key", context, work);
        }) {
    asks_.wait();
    AwaitSleep(number_);
  }

  Flights::Result Result() {
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  pid_t number_ = 0;
  std::latch asks_{1};
  Flights::Result result_ = absl::UnknownError("not ended");
  std::jthread thread_;
};

Flights::Result MustNotWork() {
  ADD_FAILURE() << "worked, though another's flight is under way";
  return 0;
}

TEST(SingleFlight, SharesWhatOneGot) {
  for (const Flights::Result& lands_with : {Flights::Result(7), Flights::Result(absl::InternalError("exit code 1"))}) {
    Flights flights;
    Begun begun(flights);
    Waiting one(flights, {}, MustNotWork);
    Waiting two(flights, {}, MustNotWork);
    begun.Land(lands_with);
    EXPECT_EQ(begun.result, lands_with);
    EXPECT_EQ(one.Result(), lands_with);
    EXPECT_EQ(two.Result(), lands_with);
  }
}

TEST(SingleFlight, IsNotKeptAfterItsEnd) {
  Flights flights;
  EXPECT_EQ(flights.Do("key", {}, [] { return 1; }), Flights::Result(1));
  EXPECT_EQ(flights.Do("key", {}, [] { return 2; }), Flights::Result(2));
}

TEST(SingleFlight, DoesNotWaitForAnotherKey) {
  Flights flights;
  Begun begun(flights);
  EXPECT_EQ(flights.Do("other", {}, [] { return 2; }), Flights::Result(2));
}

TEST(SingleFlight, IsNotWaitedForAfterAStop) {
  Flights flights;
  Begun begun(flights);
  std::stop_source stop;
  Waiting waiting(flights, {.stop = stop.get_token()}, MustNotWork);
  stop.request_stop();
  EXPECT_EQ(waiting.Result(), Flights::Result(absl::CancelledError("was stopped")));
  begun.Land(7);
  EXPECT_EQ(begun.result, Flights::Result(7));
}

TEST(SingleFlight, IsNotWaitedForAfterTheDeadline) {
  Flights flights;
  Begun begun(flights);
  for (const auto left : {std::chrono::milliseconds(20), std::chrono::milliseconds(-20)}) {
    const CallContext context{.deadline = std::chrono::steady_clock::now() + left};
    EXPECT_EQ(flights.Do("key", context, MustNotWork), Flights::Result(absl::CancelledError("no time is left")));
    EXPECT_GE(std::chrono::steady_clock::now(), context.deadline);
  }
}

/// Those who waited were told "was stopped" when another's call was.
TEST(SingleFlight, OfAStoppedCallIsDoneByOneOfThoseWhoWait) {
  Flights flights;
  Begun begun(flights);
  std::atomic<int> works = 0;
  std::vector<std::unique_ptr<Waiting>> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(std::make_unique<Waiting>(flights, CallContext(), [&works] {
      ++works;
      return 7;
    }));
  }
  begun.Land(absl::CancelledError("was stopped"));
  EXPECT_TRUE(absl::IsCancelled(begun.result.status()));
  for (const auto& waiting : all) EXPECT_EQ(waiting->Result(), Flights::Result(7));
  EXPECT_GE(works, 1);
  EXPECT_LE(works, 4);
}

TEST(SingleFlight, IsHandedOnUntilOneIsNotStopped) {
  Flights flights;
  Begun begun(flights);
  std::atomic<int> works = 0;
  const auto second_works = [&works]() -> Flights::Result {
    if (++works == 1) return absl::CancelledError("was stopped");
    return 7;
  };
  Waiting one(flights, {}, second_works);
  Waiting two(flights, {}, second_works);
  begun.Land(absl::CancelledError("was stopped"));
  const std::vector<Flights::Result> results = {one.Result(), two.Result()};
  EXPECT_THAT(results,
              testing::UnorderedElementsAre(Flights::Result(absl::CancelledError("was stopped")), Flights::Result(7)));
  EXPECT_EQ(works, 2);
}

}  // namespace
}  // namespace tagdrift::credentials
