#include "serve/board.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "await.h"

namespace tagdrift::serve {
namespace {

class BoardTest : public testing::Test {
 protected:
  /// A report that says something new each time.
  void Publish() {
    v1::NodeReport report;
    report.add_tags()->set_reference("registry.test/app:" + std::to_string(++published_));
    board_.Publish(Round(), std::move(report));
  }
  static std::shared_ptr<const agent::KeptRound> Round() {
    return std::make_shared<const agent::KeptRound>(report::Round());
  }

  int published_ = 0;
  Board board_;
  std::promise<void> release_;
  std::jthread telling_{[this](const std::stop_token& stop) { board_.Tell(stop); }};
};

TEST_F(BoardTest, NobodyWaitsForAListener) {
  std::atomic<int> begun = 0;
  std::atomic<int> told = 0;
  const auto slow = board_.Listen([&, released = release_.get_future().share()] {
    ++begun;
    released.wait();
  });
  Publish();
  ASSERT_TRUE(Await([&] { return begun == 1; }));
  // Each of these would wait.
  auto other = board_.Listen([&] { ++told; });
  auto gone = board_.Listen([] { ADD_FAILURE() << "it has ended"; });
  gone.reset();
  for (int i = 0; i < 3; ++i) Publish();
  EXPECT_EQ(board_.Latest()->report->generation(), 4U);
  EXPECT_EQ(told, 0);
  release_.set_value();
  EXPECT_TRUE(Await([&] { return begun == 2 && told == 1; })) << "once for all that has come meanwhile";
  Publish();
  EXPECT_TRUE(Await([&] { return begun == 3 && told == 2; }));
  other.reset();
  Publish();
  EXPECT_TRUE(Await([&] { return begun == 4; }));
  EXPECT_EQ(told, 2);
}

TEST_F(BoardTest, WhatIsNotNewIsToldInTheSameGeneration) {
  std::atomic<int> told = 0;
  const auto listening = board_.Listen([&] { ++told; });
  v1::NodeReport report;
  report.add_tags()->set_reference("registry.test/app:v1");
  for (int round = 1; round <= 2; ++round) {
    report.mutable_checked_at()->set_seconds(round);
    board_.Publish(Round(), report);
    EXPECT_TRUE(Await([&] { return told == round; })) << "listeners may keep the latest instead of the one before";
  }
  EXPECT_EQ(board_.Latest()->report->generation(), 1U);
  EXPECT_EQ(board_.Latest()->report->report()->Parse().checked_at().seconds(), 2);
}

TEST_F(BoardTest, AFailureStaysUntilTheNextReport) {
  Publish();
  v1::FailedRound failure;
  failure.set_detail("no runtime");
  board_.PublishFailure(failure);
  const auto failed = board_.Latest();
  ASSERT_TRUE(failed->report->failed());
  EXPECT_EQ(failed->report->failed()->detail(), "no runtime");
  EXPECT_EQ(failed->report->generation(), 1U);
  EXPECT_EQ(failed->report->report()->tags_size(), 1);
  Publish();
  EXPECT_FALSE(board_.Latest()->report->failed());
}

TEST_F(BoardTest, AListenersEndWaitsForItsOwnCall) {
  std::atomic<bool> has_begun = false;
  std::atomic<bool> has_ended = false;
  auto listening = board_.Listen([&] {
    has_begun = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    has_ended = true;
  });
  Publish();
  ASSERT_TRUE(Await([&] { return has_begun.load(); }));
  listening.reset();
  EXPECT_TRUE(has_ended) << "what it uses may be gone afterwards";
}

}  // namespace
}  // namespace tagdrift::serve
