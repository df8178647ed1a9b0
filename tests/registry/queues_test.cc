// The small containers behind the client: who goes first, what may begin, what is forgotten.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "registry/client/admission_queue.h"
#include "registry/expiring_map.h"
#include "registry/http/rate_class_queue.h"

namespace tagdrift::registry {
namespace {

using std::chrono::minutes;

const SteadyTime kStart{};

TEST(RateClassQueue, LetsActionsGoBeforePeopleBeforeBackground) {
  RateClassQueue<std::string> queue;
  queue.Push(RateClass::kBackground, "background 1");
  queue.Push(RateClass::kInteractive, "interactive 1");
  queue.Push(RateClass::kAction, "action 1");
  queue.Push(RateClass::kInteractive, "interactive 2");
  queue.Push(RateClass::kAction, "action 2");
  for (const char* next : {"action 1", "action 2", "interactive 1", "interactive 2", "background 1"}) {
    EXPECT_EQ(queue.Front(), next);
    EXPECT_EQ(queue.Pop(), next);
  }
  EXPECT_TRUE(queue.empty());
}

TEST(RateClassQueue, LetsBackgroundGoOnceInSixteenTimes) {
  RateClassQueue<int> queue;
  queue.Push(RateClass::kBackground, -1);
  for (int i = 0; i < 100; ++i) queue.Push(RateClass::kAction, i);
  int before = 0;
  while (queue.Pop() != -1) ++before;
  EXPECT_EQ(before, 15);
}

TEST(RateClassQueue, GivesOutWhatIsWantedAndKeepsTheOrderOfTheRest) {
  RateClassQueue<int> queue;
  for (int i = 0; i < 6; ++i) queue.Push(i % 2 == 0 ? RateClass::kAction : RateClass::kBackground, i);
  EXPECT_EQ(queue.Extract([](int i) { return i == 2 || i == 3; }), (std::vector<int>{2, 3}));
  EXPECT_EQ(queue.size(), 4U);
  for (const int next : {0, 4, 1, 5}) EXPECT_EQ(queue.Pop(), next);
}

TEST(RateClassQueue, LetsTheFirstLeaveThatIsWanted) {
  RateClassQueue<int> queue;
  for (int i = 0; i < 4; ++i) queue.Push(i % 2 == 0 ? RateClass::kAction : RateClass::kBackground, i);
  EXPECT_EQ(queue.PopFirst([](int i) { return i > 0; }), 2);
  EXPECT_EQ(queue.PopFirst([](int i) { return i > 0; }), 1);
  EXPECT_EQ(queue.PopFirst([](int i) { return i > 3; }), std::nullopt);
  EXPECT_EQ(queue.size(), 2U);
}

constexpr std::size_t kMebibyte = 1024 * 1024;

class Admission : public testing::Test {
 protected:
  void Push(Question question, std::uint64_t ticket) {
    Request request;
    request.host = host_;
    request.question = question;
    queue_.Push({.ticket = ticket, .request = std::move(request)});
  }

  int BeginAll() {
    int begun = 0;
    while (queue_.Next()) ++begun;
    return begun;
  }

  const std::shared_ptr<hosts::RegistryHost> host_ = std::make_shared<hosts::RegistryHost>();
  AdmissionQueue queue_{16 * kMebibyte};
};

TEST_F(Admission, LetsThreeHundredOfAHostBeginAndOneMoreForEachThatIsTaken) {
  for (std::uint64_t i = 0; i < 302; ++i) Push(Question::kResolve, i);
  EXPECT_EQ(BeginAll(), 300);
  queue_.Taken(host_.get(), false, 0);
  EXPECT_EQ(queue_.Next()->ticket, 300U);
  queue_.Taken(host_.get(), false, 0);
  EXPECT_EQ(BeginAll(), 1);
  for (int i = 0; i < 300; ++i) queue_.Taken(host_.get(), false, 0);
  EXPECT_EQ(queue_.hosts(), 0U);
}

TEST_F(Admission, HoldsContentBackUntilBodiesAreTaken) {
  for (std::uint64_t i = 0; i < 100; ++i) Push(Question::kManifest, i);
  EXPECT_EQ(BeginAll(), 3) << "each may be of 4 MiB";
  for (int i = 0; i < 3; ++i) queue_.ContentArrived(host_.get(), 4 * kMebibyte);
  EXPECT_EQ(BeginAll(), 1);
  queue_.ContentArrived(host_.get(), 4 * kMebibyte);
  EXPECT_EQ(BeginAll(), 0) << "16 MiB are there";
  for (int i = 0; i < 2; ++i) queue_.Taken(host_.get(), true, 4 * kMebibyte);
  EXPECT_EQ(BeginAll(), 2);
}

TEST_F(Admission, LetsMoreContentBeginWhenWhatCameIsSmall) {
  for (std::uint64_t i = 0; i < 100; ++i) Push(Question::kBlob, i);
  EXPECT_EQ(BeginAll(), 3);
  for (int i = 0; i < 3; ++i) queue_.ContentArrived(host_.get(), 1000);
  EXPECT_EQ(BeginAll(), 13) << "16 in all";
  for (int i = 0; i < 3; ++i) queue_.Taken(host_.get(), true, 1000);
  EXPECT_EQ(BeginAll(), 3);
}

TEST_F(Admission, HoldsNoContentBackForAnotherHost) {
  for (std::uint64_t i = 0; i < 100; ++i) Push(Question::kBlob, i);
  BeginAll();
  Request request;
  request.host = std::make_shared<hosts::RegistryHost>();
  request.question = Question::kManifest;
  queue_.Push({.ticket = 100, .request = std::move(request)});
  EXPECT_EQ(queue_.Next()->ticket, 100U);
}

TEST_F(Admission, HoldsNoQuestionWithoutContentBack) {
  for (std::uint64_t i = 0; i < 50; ++i) Push(Question::kManifest, i);
  BeginAll();
  Push(Question::kConfirm, 50);
  EXPECT_EQ(queue_.Next()->ticket, 50U);
}

TEST(ExpiringMap, ForgetsWhatWasNotUsedForLong) {
  ExpiringMap<int, int> map(minutes(10), 100);
  map.At(1, kStart) = 1;
  map.At(2, kStart) = 2;
  EXPECT_EQ(*map.Find(1, kStart + minutes(5)), 1);
  map.Expire(kStart + minutes(10));
  EXPECT_EQ(map.Find(2, kStart + minutes(10)), nullptr);
  EXPECT_NE(map.Find(1, kStart + minutes(10)), nullptr);
}

TEST(ExpiringMap, ForgetsNothingThatIsInUse) {
  ExpiringMap<int, bool> map(minutes(10), 4, [](bool in_use) { return in_use; });
  for (int i = 0; i < 8; ++i) map.At(i, kStart) = true;
  EXPECT_EQ(map.size(), 8U) << "more than the bound, as all are in use";
  map.Expire(kStart + minutes(60));
  EXPECT_EQ(map.size(), 8U);
  map.ForEach([](int key, bool& in_use) { in_use = key == 3; });
  map.Expire(kStart + minutes(60));
  EXPECT_EQ(map.size(), 1U);
}

TEST(ExpiringMap, MakesRoomWithWhatWasNotUsedForLongest) {
  ExpiringMap<int, int> map(minutes(1000), 16);
  for (int i = 0; i < 200; ++i) {
    map.At(i, kStart + minutes(i)) = i;
    ASSERT_LE(map.size(), 16U);
    ASSERT_NE(map.Find(0, kStart + minutes(i)), nullptr) << "used all the time";
  }
  EXPECT_NE(map.Find(199, kStart + minutes(200)), nullptr);
}

}  // namespace
}  // namespace tagdrift::registry
