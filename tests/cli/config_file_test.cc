#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "binary.h"

namespace tagdrift::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// What a command says on stderr of a file of this text, and how it ends.
Outcome With(const std::string& command, const std::string& text) {
  const std::string file = testing::TempDir() + "tagdrift-options-" +
                           testing::UnitTest::GetInstance()->current_test_info()->name() + ".toml";
  std::ofstream(file) << text;
  Outcome outcome = RunBinary(command + " --config " + file + " 2>&1 >/dev/null");
  for (std::size_t at = 0; (at = outcome.text.find(file)) != std::string::npos;) {
    outcome.text.replace(at, file.size(), "FILE");
  }
  return outcome;
}

TEST(ConfigFile, GivesACommandTheOptionsOfItsTable) {
  const Outcome outcome = With("check", "[check]\nruntime-endpoint = \"unix:///from/the/file.sock\"\n");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.text, HasSubstr("/from/the/file.sock"));
}

TEST(ConfigFile, GivesEveryCommandWhatStandsAtTheTopUnlessItsTableSaysOtherwise) {
  const std::string text =
      "runtime-endpoint = \"unix:///top.sock\"\n[images]\nruntime-endpoint = \"unix:///own.sock\"\n";
  EXPECT_THAT(With("check", text).text, HasSubstr("/top.sock"));
  EXPECT_THAT(With("images", text).text, HasSubstr("/own.sock"));
}

TEST(ConfigFile, YieldsToTheCommandLine) {
  const std::string text = "[check]\nruntime-endpoint = \"unix:///file.sock\"\ntimeout = \"5s\"\n";
  const Outcome outcome = With("check --runtime-endpoint unix:///line.sock", text);
  EXPECT_THAT(outcome.text, HasSubstr("/line.sock"));
  EXPECT_THAT(outcome.text, Not(HasSubstr("/file.sock")));
}

TEST(ConfigFile, IsCheckedAlsoWhereTheCommandLineSaysOtherwise) {
  const Outcome outcome = With("check --timeout 9s", "[check]\ntimeout = \"soon\"\n");
  EXPECT_EQ(outcome.exit_code, 64);
  EXPECT_THAT(outcome.text, HasSubstr("FILE:2: timeout: 'soon' is no duration above zero"));
}

TEST(ConfigFile, TellsAllThatIsWrongAtOnce) {
  const Outcome outcome = With("serve --check-config",
                               "intervall = \"1h\"\n"
                               "origin = [\"docker.io\"]\n"
                               "[serve]\n"
                               "interval = \"5x\"\n"
                               "disk-threshold = 500\n"
                               "enable-actions = [\"refresh\", \"purge\"]\n"
                               "allow-to = \"yes\"\n"
                               "tls-key = \"/key\"\n"
                               "metrics = \"nonsense\"\n"
                               "reader-group = \"no such group\"\n"
                               "help = true\n"
                               "protect = 1979-05-27\n"
                               "[chekc]\n"
                               "x = 1\n"
                               "[check]\n"
                               "all-hots = true\n");
  EXPECT_EQ(outcome.exit_code, 64);
  EXPECT_EQ(outcome.text,
            "tagdrift: FILE:1: 'intervall' is no option of any command; did you mean 'interval'?\n"
            "tagdrift: FILE:2: origin: 'docker.io': write REGISTRY=URL, e.g. docker.io=https://registry-1.docker.io\n"
            "tagdrift: FILE:4: interval: '5x' is no time between 1s and 168h (1h, 30m)\n"
            "tagdrift: FILE:5: disk-threshold: Value 500 not in range 1 to 100\n"
            "tagdrift: FILE:6: enable-actions: purge not in {refresh,prepull,evict,all}\n"
            "tagdrift: FILE:7: allow-to: write true or false\n"
            "tagdrift: FILE:8: tls-key needs listen too\n"
            "tagdrift: FILE:9: metrics: 'nonsense' is no address to listen at: write IP:PORT, with an IPv6 address in "
            "brackets\n"
            "tagdrift: FILE:10: reader-group: there is no group 'no such group' here; its number will do\n"
            "tagdrift: FILE:11: 'help' is no option of [serve]\n"
            "tagdrift: FILE:12: protect: write a string, a number, true, false or a list of them\n"
            "tagdrift: FILE:13: [chekc] is no command; did you mean 'check'?\n"
            "tagdrift: FILE:16: 'all-hots' is no option of [check]; did you mean 'all-hosts'?\n");
}

TEST(ConfigFile, HasToBeTomlAndThere) {
  EXPECT_THAT(With("check", "[check]\nall-hosts = true\nall-hosts = false\n").text,
              StartsWith("tagdrift: FILE:3: no TOML"));
  EXPECT_THAT(With("check", "[check]\nall-hosts = yes\n").text, StartsWith("tagdrift: FILE:2: no TOML"));
  EXPECT_THAT(With("check", std::string((1 << 20) + 1, '#')).text, HasSubstr("FILE is larger than 1 MiB"));
  EXPECT_EQ(RunBinary("check --config /nonexistent.toml 2>/dev/null").exit_code, 64);
}

TEST(ConfigFile, OfTheDaemonIsCheckedWithoutStartingIt) {
  const Outcome outcome = With("serve --check-config", "[serve]\nallow-to = false\nignore = []\nmax-rate = 0.5\n");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
}

TEST(ConfigFile, OfTheDaemonNamesNoPlaceThatCannotBeServed) {
  const Outcome twice = With("serve --check-config", "[serve]\nmetrics = \"127.0.0.1:9614\"\nhealth = \"[::]:9614\"\n");
  EXPECT_EQ(twice.exit_code, 64);
  EXPECT_THAT(twice.text, HasSubstr("--metrics 127.0.0.1:9614 and --health [::]:9614: two cannot listen"));
  const Outcome file = With("serve --check-config", "[serve]\nsocket-dir = \"/etc/passwd\"\n");
  EXPECT_EQ(file.exit_code, 2);
  EXPECT_THAT(file.text, HasSubstr("/etc/passwd is no directory: --socket-dir"));
  const Outcome missing = With("serve --check-config", "[serve]\nstate-dir = \"/nonexistent\"\n");
  EXPECT_EQ(missing.exit_code, 0) << "it may be there on the nodes";
  EXPECT_THAT(missing.text, HasSubstr("--state-dir /nonexistent: there is no such directory here"));
}

// What help says of the daemon's options and what the reference says are of the same table.
TEST(ConfigFile, HasAReferenceThatIsPrinted) {
  const Outcome printed = RunBinary("serve --print-config 2>&1");
  EXPECT_EQ(printed.exit_code, 0);
  std::ostringstream committed;
  committed << std::ifstream(TAGDRIFT_DEPLOY "/config.toml").rdbuf();
  EXPECT_EQ(printed.text, committed.str()) << "tagdrift serve --print-config >deploy/config.toml";
}

TEST(ConfigFile, AsPrintedIsAccepted) {
  const Outcome outcome = With("serve --check-config", RunBinary("serve --print-config").text);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
}

}  // namespace
}  // namespace tagdrift::cli
