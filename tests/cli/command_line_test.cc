#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "binary.h"

namespace tagdrift::cli {
namespace {

bool IsOneLine(const std::string& text) { return !text.empty() && text.find('\n') == text.size() - 1; }

TEST(CommandLine, PrintsItsVersion) {
  const Outcome outcome = RunBinary("version");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.text.rfind("tagdrift ", 0), 0U) << outcome.text;
}

TEST(CommandLine, TellsWhatItWasBuiltFromAndWhatItKnows) {
  EXPECT_THAT(RunBinary("version").text,
              testing::ContainsRegex("commit ([0-9a-f]{40}|unknown)\ncontainerd 1\\.6 to 2\\.3\n"));
  EXPECT_TRUE(IsOneLine(RunBinary("--version").text));
}

TEST(CommandLine, WritesItsHeadlineToAFileAlsoWhereItCannotTell) {
  const std::string file = testing::TempDir() + "tagdrift-headline";
  const Outcome outcome =
      RunBinary("check --fail-on none --runtime-endpoint unix:///nowhere.sock --headline-to " + file + " 2>/dev/null");
  EXPECT_EQ(outcome.exit_code, 2) << "nothing was found out";
  std::string line;
  std::getline(std::ifstream(file), line);
  EXPECT_THAT(line, testing::HasSubstr("/nowhere.sock"));
  EXPECT_THAT(RunBinary("check --runtime-endpoint unix:///nowhere.sock --headline-to /no/such/file 2>&1").text,
              testing::HasSubstr("--headline-to /no/such/file: it cannot be written"));
}

TEST(CommandLine, ShowsExamplesInHelp) {
  const Outcome outcome = RunBinary("check --help");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.text.find("Examples:"), std::string::npos);
  EXPECT_NE(outcome.text.find("--fail-on"), std::string::npos);
}

// The sample for node-problem-detector: 2 means "unknown" there, and only standard output reaches the condition.
TEST(CommandLine, TellsNodeProblemDetectorWhyItCannotTell) {
  std::ifstream file(TAGDRIFT_DEPLOY "/node-problem-detector.json");
  const nlohmann::json rule = nlohmann::json::parse(file).at("rules").at(0);
  std::string arguments;
  for (const nlohmann::json& argument : rule.at("args")) {
    arguments += argument == "/host" ? "/ " : argument.get<std::string>() + " ";
  }
  const Outcome outcome = RunBinary(arguments + "--runtime-endpoint unix:///nowhere.sock 2>/dev/null");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(IsOneLine(outcome.text)) << outcome.text;
  EXPECT_LE(outcome.text.size(), 81U) << outcome.text;
  EXPECT_NE(outcome.text.find("/nowhere.sock"), std::string::npos) << outcome.text;
}

TEST(CommandLine, ShowsHowToExplainAPod) {
  const Outcome outcome = RunBinary("explain --help");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.text.find("tagdrift explain shop/web-0"), std::string::npos) << outcome.text;
}

struct Usage {
  const char* name;
  const char* arguments;
  const char* says;
};

TEST(CommandLine, AnswersWrongUsageWithOneLineAnd64) {
  const Usage kUsages[] = {
      {"no command", "", "subcommand"},
      {"unknown command", "chekc", "chekc"},
      {"unknown flag", "check --al-hosts", "--al-hosts"},
      {"unknown flag of mirrors", "mirrors --all-hosts", "--all-hosts"},
      {"unknown format", "check -o yaml", "yaml"},
      {"malformed reference", "check registry.corp/UPPER", "registry.corp/UPPER"},
      {"malformed ignored reference", "check --ignore 'a b'", "a b"},
      {"contact with a space", "check --contact 'a b'", "a b"},
      {"no concurrency", "check --max-concurrency 0", "--max-concurrency"},
      {"a rate below zero", "check --max-rate -1", "--max-rate"},
      {"a rate that is no number", "check --max-rate nan", "--max-rate"},
      {"a negative rate that is no number", "check --max-rate=-NaN", "--max-rate"},
      {"malformed origin", "check --origin quay.io", "quay.io"},
      {"malformed timeout", "check --timeout soon", "soon"},
      {"timeout of zero", "check --timeout 0s", "0s"},
      {"malformed version", "check --containerd-version new", "new"},
      {"unknown pull path", "check --image-pull both", "both"},
      {"unknown word in a list", "check --fail-on stale,old", "old"},
      {"nothing and something in a list", "check --fail-on none,stale", "--fail-on: none goes with nothing else"},
      {"nothing and something one by one", "replay x.json --fail-on stale --fail-on none", "--fail-on: none"},
      {"recording without a file", "record", "FILE"},
      {"replaying without a file", "replay", "FILE"},
      {"option that replaying has not", "replay x.json --all-hosts", "--all-hosts"},
      {"explanation of nothing", "explain", "needs a reference or a pod"},
      {"explanation of a malformed reference", "explain registry.corp/UPPER", "registry.corp/UPPER"},
      {"explanation of a pattern", "explain 'registry.corp/*'", "registry.corp/*"},
      {"explanation of two things", "explain nginx redis", "redis"},
      {"explanation of a reference and a pod", "explain nginx --pod shop/web-0", "--pod"},
      {"pod without a namespace", "explain --pod web-0", "web-0"},
      {"format that explain has not", "explain -o wide nginx", "wide"},
      {"action without a reference", "refresh --yes", "REFERENCE"},
      {"action on a malformed reference", "evict registry.corp/UPPER", "registry.corp/UPPER"},
      {"going to no digest", "refresh --to v1 nginx", "v1"},
      {"going to a digest with two references",
       "refresh --to sha256:0000000000000000000000000000000000000000000000000000000000000000 a b", "--to"},
      {"threshold above the whole", "prepull --disk-threshold 101 nginx", "--disk-threshold"},
      {"none at once", "prepull --parallel 0 nginx", "--parallel"},
      {"malformed protected pattern", "evict --protect 'a b' nginx", "--protect"},
      {"format that actions have not", "evict -o wide nginx", "wide"},
      {"endpoint that is no unix socket", "check --runtime-endpoint tcp://1.2.3.4:5", "tcp://1.2.3.4:5"},
  };
  for (const Usage& usage : kUsages) {
    SCOPED_TRACE(usage.name);
    const Outcome outcome = RunBinary(std::string(usage.arguments) + " 2>&1 >/dev/null");
    EXPECT_EQ(outcome.exit_code, 64) << outcome.text;
    EXPECT_TRUE(IsOneLine(outcome.text)) << outcome.text;
    EXPECT_NE(outcome.text.find(usage.says), std::string::npos) << outcome.text;
  }
}

struct Slip {
  const char* arguments;
  const char* says;
};

TEST(CommandLine, NamesTheCommandOrOptionThatWasMeant) {
  const Slip kSlips[] = {
      {"chekc", "there is no command 'chekc'; did you mean 'check'? (see tagdrift --help)"},
      {"frobnicate", "there is no command 'frobnicate' (see tagdrift --help)"},
      {"check --stale-onyl",
       "there is no option '--stale-onyl'; did you mean '--stale-only'? (see tagdrift check --help)"},
      {"check --fail-no=stale",
       "there is no option '--fail-no'; did you mean '--fail-on'? (see tagdrift check --help)"},
      {"mirrors --confg f", "did you mean '--config'? (see tagdrift mirrors --help)"},
      {"check -q", "there is no option '-q' (see tagdrift check --help)"},
      {"version now", "the argument 'now' was not expected (see tagdrift version --help)"},
      {"refresh", "(see tagdrift refresh --help)"},
      {"check -o yaml", "(see tagdrift check --help)"},
      {"-o json check", "options come after the command: tagdrift check -o (see tagdrift check --help)"},
      {"-ojson check", "options come after the command"},
      {"--stale-only check", "options come after the command: tagdrift check --stale-only"},
      {"--stale-onyl check", "there is no option '--stale-onyl'; did you mean '--stale-only'?"},
      {"explian nginx", "did you mean 'explain'?"},
  };
  for (const Slip& slip : kSlips) {
    SCOPED_TRACE(slip.arguments);
    const Outcome outcome = RunBinary(std::string(slip.arguments) + " 2>&1 >/dev/null");
    EXPECT_EQ(outcome.exit_code, 64);
    EXPECT_TRUE(IsOneLine(outcome.text)) << outcome.text;
    EXPECT_NE(outcome.text.find(slip.says), std::string::npos) << outcome.text;
  }
}

// As of a shell variable that is not set: going back must not become going to the origin's image.
TEST(CommandLine, TakesAnEmptyValueForNoneAndSaysSo) {
  const char* kArguments[] = {
      "refresh --to '' nginx",
      "refresh --to= nginx",
      "refresh nginx --to= --yes",
      "check --config ''",
      "check --config= nginx",
      "check --runtime-endpoint ''",
      "check --state-dir ''",
      "check --state-dir= nginx",
      "check --headline-to ''",
      "mirrors --registry-config-path '' --containerd-version 2.1.9",
      "mirrors --containerd-config '' --containerd-version 2.1.9",
      "explain --agent '' nginx",
      "replay x.json --ignore ''",
      "serve --socket-dir '' --check-config",
      "serve --reader-group '' --check-config",
  };
  for (const std::string arguments : kArguments) {
    SCOPED_TRACE(arguments);
    const Outcome outcome = RunBinary(arguments + " 2>&1 >/dev/null");
    EXPECT_EQ(outcome.exit_code, 64);
    EXPECT_TRUE(IsOneLine(outcome.text)) << outcome.text;
    const std::size_t option = arguments.find("--");
    const std::string name = arguments.substr(option, arguments.find_first_of(" =", option) - option);
    EXPECT_THAT(outcome.text, testing::HasSubstr(name));
  }
  EXPECT_THAT(RunBinary("refresh --to '' nginx 2>&1").text,
              testing::HasSubstr("--to: its value is empty; give it one, or leave the option out"));
}

TEST(CommandLine, TakesAnEmptyVariableOfTheEnvironmentForNone) {
  setenv("TAGDRIFT_AGENT", "", 1);
  const Outcome outcome = RunBinary("check --runtime-endpoint unix:///nowhere.sock 2>&1");
  unsetenv("TAGDRIFT_AGENT");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.text, testing::HasSubstr("/nowhere.sock"));
}

// Otherwise the reference would be ignored instead of checked.
TEST(CommandLine, TakesOneValueForEachRepeatableOption) {
  const Outcome outcome =
      RunBinary("check --ignore 'a:*' --origin quay.io=https://m --fail-on stale registry.corp/UPPER 2>&1");
  EXPECT_EQ(outcome.exit_code, 64);
  EXPECT_NE(outcome.text.find("'registry.corp/UPPER' is no image reference"), std::string::npos) << outcome.text;
}

TEST(CommandLine, SaysThatTheSocketIsMissing) {
  const Outcome outcome = RunBinary("check --runtime-endpoint unix:///nonexistent/containerd.sock 2>&1 >/dev/null");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(IsOneLine(outcome.text)) << outcome.text;
  EXPECT_NE(outcome.text.find("/nonexistent/containerd.sock"), std::string::npos) << outcome.text;
}

TEST(CommandLine, SaysThatTheHostRootIsMissing) {
  const Outcome outcome = RunBinary("check --host-root /nonexistent 2>&1 >/dev/null");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.text.find("/nonexistent"), std::string::npos) << outcome.text;
}

TEST(CommandLine, NoticesAClosedStandardOutput) {
  const Outcome outcome = RunBinary("version 2>&1 >&-");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.text.find("standard output is closed"), std::string::npos) << outcome.text;
}

TEST(CommandLine, NoticesAFullDisk) {
  const Outcome outcome = RunBinary("version 2>&1 >/dev/full");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.text.find("No space left on device"), std::string::npos) << outcome.text;
}

}  // namespace
}  // namespace tagdrift::cli
