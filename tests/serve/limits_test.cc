#include "serve/limits.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace tagdrift::serve {
namespace {

TEST(Slots, ReadersLeaveOperatorsTheirs) {
  Slots slots(4, 1);
  std::vector<std::shared_ptr<void>> taken;
  for (int i = 0; i < 3; ++i) EXPECT_NE(taken.emplace_back(slots.Take(Role::kReader)), nullptr) << i;
  EXPECT_EQ(slots.Take(Role::kReader), nullptr);
  EXPECT_NE(taken.emplace_back(slots.Take(Role::kOperator)), nullptr);
  EXPECT_EQ(slots.Take(Role::kOperator), nullptr);
  taken.pop_back();
  EXPECT_EQ(slots.Take(Role::kReader), nullptr) << "the operators'";
  taken.pop_back();
  EXPECT_NE(slots.Take(Role::kReader), nullptr);
}

}  // namespace
}  // namespace tagdrift::serve
