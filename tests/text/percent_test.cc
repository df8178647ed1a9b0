#include "tagdrift/text/percent.h"

#include <gtest/gtest.h>

namespace tagdrift::text {
namespace {

TEST(PercentEncoded, LeavesWhatAPathMayHave) {
  EXPECT_EQ(PercentEncoded("/run/a-b_c.d~1/x.sock"), "/run/a-b_c.d~1/x.sock");
  EXPECT_EQ(PercentEncoded("/a b%?#\n\xc3\xa9"), "/a%20b%25%3F%23%0A%C3%A9");
}

}  // namespace
}  // namespace tagdrift::text
