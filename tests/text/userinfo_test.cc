#include "tagdrift/text/userinfo.h"

#include <gtest/gtest.h>

namespace tagdrift::text {
namespace {

TEST(WithoutUserinfo, HidesWhatMayBeAPassword) {
  EXPECT_EQ(WithoutUserinfo("https://user:secret@m:5000/v2"), "https://xxxxx@m:5000/v2");
  EXPECT_EQ(WithoutUserinfo("user:secret@m"), "xxxxx@m");
  EXPECT_EQ(WithoutUserinfo("https://user:se/cr?e#t@m"), "https://xxxxx@m");
  EXPECT_EQ(WithoutUserinfo("https://user:p@ss://word@m"), "https://xxxxx@m");
}

TEST(WithoutUserinfo, LeavesOtherTextsAlone) {
  for (const char* text : {"", "https://m:5000/v2", "docker.io", "not a url"}) EXPECT_EQ(WithoutUserinfo(text), text);
}

}  // namespace
}  // namespace tagdrift::text
