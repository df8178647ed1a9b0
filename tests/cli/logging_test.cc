#include "logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

namespace tagdrift::cli {
namespace {

using testing::HasSubstr;

/// What a warning that quotes a file looks like on standard error.
std::string Logged(LogFormat format) {
  LogToStandardError(false, format);
  testing::internal::CaptureStderr();
  spdlog::warn("key '{}' is skipped", "a\033[2J\n\x9b");
  return testing::internal::GetCapturedStderr();
}

TEST(Logging, LetsNoFileSteerTheTerminal) {
  EXPECT_EQ(Logged(LogFormat::kText), "tagdrift: key 'a\\x1b[2J\\n\\x9b' is skipped\n");
}

TEST(Logging, LosesNoByteInJson) {
  EXPECT_THAT(Logged(LogFormat::kJson), HasSubstr(R"("message":"key 'a\\x1b[2J\\n\\x9b' is skipped")"));
}

}  // namespace
}  // namespace tagdrift::cli
