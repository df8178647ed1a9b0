#include "tagdrift/record/history_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filled.h"

namespace tagdrift::record {
namespace {

TEST(HistoryFile, IsTheSameWhenReadAgain) {
  const auto histories = Filler().Filled<Histories>();
  const auto read = ReadHistories(Write(histories));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, histories);
}

TEST(HistoryFile, OfANewerFormatIsToldFromABrokenOne) {
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadHistories(R"({"format":"tagdrift history","version":2})").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadHistories(R"({"format":"tagdrift history","version":1,"tags":7})").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadHistories("").status()));
}

}  // namespace
}  // namespace tagdrift::record
