#include "serve/limits.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tagdrift::serve {
namespace {

Caller ReaderCalled(const std::string& id) { return {.role = Role::kReader, .id = id}; }
Caller OperatorCalled(const std::string& id) { return {.role = Role::kOperator, .id = id}; }

TEST(Slots, ReadersLeaveOperatorsTheirs) {
  Slots slots(5, 1);
  std::vector<Grant> taken;
  for (const char* id : {"a", "a", "b", "c"}) EXPECT_NE(taken.emplace_back(slots.Take(ReaderCalled(id))).held, nullptr);
  const Grant refused = slots.Take(ReaderCalled("d"));
  EXPECT_EQ(refused.held, nullptr);
  EXPECT_FALSE(refused.share_is_taken) << "others have them";
  EXPECT_NE(taken.emplace_back(slots.Take(OperatorCalled("a"))).held, nullptr);
  EXPECT_EQ(slots.Take(OperatorCalled("a")).held, nullptr);
  taken.pop_back();
  EXPECT_EQ(slots.Take(ReaderCalled("c")).held, nullptr) << "the operators'";
  taken.pop_back();
  EXPECT_NE(slots.Take(ReaderCalled("c")).held, nullptr);
}

TEST(Slots, OneReaderLeavesHalfToOthers) {
  Slots slots(8, 2);
  std::vector<Grant> taken;
  for (int i = 0; i < 3; ++i) EXPECT_NE(taken.emplace_back(slots.Take(ReaderCalled("a"))).held, nullptr) << i;
  const Grant refused = slots.Take(ReaderCalled("a"));
  EXPECT_EQ(refused.held, nullptr);
  EXPECT_TRUE(refused.share_is_taken);
  EXPECT_TRUE(slots.Take({.role = {}, .id = "a"}).share_is_taken) << "who may do nothing has no more";
  EXPECT_NE(slots.Take(ReaderCalled("b")).held, nullptr);
  taken.pop_back();
  EXPECT_NE(slots.Take(ReaderCalled("a")).held, nullptr) << "given back";
}

TEST(Slots, EachReaderLeavesAsMuchAsHeTakes) {
  Slots slots(16, 4);
  std::vector<Grant> taken;
  std::map<std::string, int> counts;
  for (const char* id : {"a", "b", "c", "d", "e"}) {
    for (int i = 0; i < 16; ++i) {
      Grant grant = slots.Take(ReaderCalled(id));
      if (grant.held == nullptr) break;
      taken.push_back(std::move(grant));
      ++counts[id];
    }
  }
  EXPECT_EQ(counts, (std::map<std::string, int>{{"a", 6}, {"b", 3}, {"c", 1}, {"d", 1}, {"e", 1}}));
  EXPECT_FALSE(slots.Take(ReaderCalled("f")).share_is_taken) << "there are no more";
}

TEST(Slots, WhatAnOperatorHoldsIsInNoShare) {
  Slots slots(8, 2);
  std::vector<Grant> taken;
  for (int i = 0; i < 5; ++i) EXPECT_NE(taken.emplace_back(slots.Take(OperatorCalled("a"))).held, nullptr) << i;
  EXPECT_NE(slots.Take(ReaderCalled("a")).held, nullptr) << "the same user at the readers' socket";
}

TEST(SharedSlots, OneIsForAllThatIsTheSame) {
  SharedSlots slots(8, 2);
  std::vector<Grant> taken;
  for (const char* what : {"x", "x", "y", "z", "z"}) {
    EXPECT_NE(taken.emplace_back(slots.Take(ReaderCalled("a"), what)).held, nullptr) << what;
  }
  EXPECT_TRUE(slots.Take(ReaderCalled("a"), "more").share_is_taken);
  EXPECT_NE(slots.Take(ReaderCalled("a"), "y").held, nullptr) << "which he has";
  EXPECT_NE(slots.Take(ReaderCalled("b"), "x").held, nullptr);
  taken.pop_back();
  EXPECT_TRUE(slots.Take(ReaderCalled("a"), "more").share_is_taken) << "one of two that are the same";
  taken.pop_back();
  EXPECT_NE(slots.Take(ReaderCalled("a"), "more").held, nullptr);
}

}  // namespace
}  // namespace tagdrift::serve
