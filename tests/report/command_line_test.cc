#include "tagdrift/report/command_line.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace tagdrift::report {
namespace {

/// What `sh` makes of the command.
std::string OutputOf(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string output;
  std::array<char, 256> buffer;
  while (pipe && std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) output += buffer.data();
  return output;
}

TEST(CommandLine, LeavesPlainArgumentsAsTheyAre) {
  EXPECT_EQ(CommandLine({"tagdrift", "refresh", "--to", "sha256:ab", "registry.corp:5000/team/app:v1"}),
            "tagdrift refresh --to sha256:ab registry.corp:5000/team/app:v1");
}

TEST(CommandLine, DoesNotRunWhatAMirrorPathHolds) {
  const std::vector<std::string> nasty = {
      "https://m/x';echo ran;'", "$(echo ran)", "`echo ran`", "a b", "", "~", "*", "a\\b", "\"q\"", "#", "!x",
      "[fd00::1]:5000/a:1"};
  for (const std::string& argument : nasty) {
    EXPECT_EQ(OutputOf(CommandLine({"printf", "%s\\n", argument})), argument + "\n");
  }
}

TEST(CommandLine, IsNotPrintedWithTextThatCannotBeSeen) {
  for (const char* argument : {"a\nid", "a\033[2J", "a\x7f", "a\xe2\x80\xae", "a\xff", "a\xc2\x9b"}) {
    EXPECT_EQ(CommandLine({"tagdrift", argument}), "");
  }
}

TEST(Invocation, SaysAgainWhereTheNodeIs) {
  const Invocation invocation{"./tagdrift", {"--host-root", "/the host"}};
  EXPECT_EQ(invocation.Command("refresh", {"nginx:1"}), "./tagdrift refresh --host-root '/the host' nginx:1");
}

}  // namespace
}  // namespace tagdrift::report
