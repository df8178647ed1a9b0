// What `tagdrift explain` prints on a terminal of 80 columns: each report of tests/data/explain (*.json) as the screen
// beside it (*.txt).
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "screen_file.h"
#include "tagdrift/render/exit_code.h"
#include "tagdrift/render/render.h"

namespace tagdrift::render {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string PathOf(const std::string& name) { return TAGDRIFT_TEST_DATA "/explain/" + name; }

v1::NodeReport ReportNamed(const std::string& name) {
  v1::NodeReport report;
  const auto read = google::protobuf::util::JsonStringToMessage(ReadFile(PathOf(name + ".json")), &report);
  EXPECT_TRUE(read.ok()) << name << ": " << read.ToString();
  return report;
}

std::string Screen(const v1::NodeReport& report) { return Explain(report, {.width = kColumns}); }

class ExplainScreens : public testing::TestWithParam<const char*> {};

TEST_P(ExplainScreens, AreAsWritten) {
  const std::string path = PathOf(GetParam() + std::string(".txt"));
  const std::string screen = Screen(ReportNamed(GetParam()));
  if (std::getenv("TAGDRIFT_WRITE_SCREENS") != nullptr) std::ofstream(path) << screen;
  EXPECT_EQ(ReadFile(path), screen) << "Where the new screen is the better one, write the files anew:\n"
                                       "  TAGDRIFT_WRITE_SCREENS=1 render_test --gtest_filter='*ExplainScreens*'";
}

TEST_P(ExplainScreens, FitEightyColumnsWithoutColour) {
  std::istringstream screen(Screen(ReportNamed(GetParam())));
  for (std::string line; std::getline(screen, line);) {
    EXPECT_TRUE(line.size() <= kColumns || line.starts_with("     $ ")) << line;
    EXPECT_THAT(line, Not(HasSubstr("\033"))) << line;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ExplainScreens,
                         testing::Values("incident", "stale_mirror", "pod_runs_old", "fresh", "unreachable_origin",
                                         "denied", "hosts_toml_ignored", "not_cached", "pod_of_two"),
                         [](const auto& row) { return std::string(row.param); });

// The worked example of README.md: what the demo prints, which lab.demo compares.
TEST(Explain, IsInReadmeAsItIsPrinted) {
  const std::string readme = ReadFile(TAGDRIFT_TEST_DATA "/../../README.md");
  const std::string block =
      "```\n$ tagdrift explain registry.corp:5000/shop/app:latest\n" + Screen(ReportNamed("incident")) + "```\n";
  EXPECT_THAT(readme, HasSubstr(block));
}

TEST(Explain, AnswersInEightyCharactersHoweverLongTheHostsNameIs) {
  v1::NodeReport report = ReportNamed("stale_mirror");
  const std::string host = "https://123456789012.dkr.ecr.eu-central-1.amazonaws.com.mirror.example/v2";
  report.mutable_tags(0)->mutable_next_pull()->set_host(host);
  report.mutable_tags(0)->mutable_origin()->set_url(host);
  for (const v1::Verdict verdict : {v1::VERDICT_FRESH, v1::VERDICT_EQUIVALENT, v1::VERDICT_STALE, v1::VERDICT_GONE,
                                    v1::VERDICT_LOCAL, v1::VERDICT_IMMUTABLE, v1::VERDICT_UNDECIDED}) {
    for (int cause = v1::Cause_MIN; cause <= v1::Cause_MAX; ++cause) {
      report.mutable_tags(0)->set_verdict(verdict);
      report.mutable_tags(0)->set_cause(static_cast<v1::Cause>(cause));
      const std::string text = Screen(report);
      EXPECT_LE(text.find('\n'), kColumns) << text;
      EXPECT_THAT(text, StartsWith(v1::Verdict_Name(verdict).substr(sizeof "VERDICT_" - 1)));
    }
  }
}

TEST(Explain, NamesAFreshTagWhosePodStillRunsTheOldImage) {
  const v1::NodeReport report = ReportNamed("pod_runs_old");
  EXPECT_THAT(Screen(report), StartsWith("FRESH tag, but 1 of 2 containers runs another image\n"));
}

TEST(Explain, TellsRemediesOfTagAndContainersOnceInTheOrderToDoThem) {
  const std::string text = Screen(ReportNamed("stale_mirror"));
  EXPECT_LT(text.find("1. FIX_HOSTS_TOML"), text.find("2. PURGE_MIRROR"));
  EXPECT_LT(text.find("3. REFRESH"), text.find("4. RESTART_WORKLOAD"));
  EXPECT_THAT(text, Not(HasSubstr("5. ")));
}

TEST(Explain, SaysThatAHostChangedItsAnswer) {
  v1::NodeReport report = ReportNamed("stale_mirror");
  report.mutable_tags(0)->mutable_hosts(0)->mutable_first_answer()->set_error("404");
  EXPECT_THAT(Screen(report), HasSubstr("it changed its answer"));
}

TEST(Explain, NamesTheOriginThatOnlyTheOperatorKnows) {
  v1::NodeReport report = ReportNamed("stale_mirror");
  v1::HostReport& host = *report.mutable_tags(0)->add_hosts();
  host.set_url("https://origin.corp/v2");
  host.set_role(v1::HOST_ROLE_CONFIGURED);
  EXPECT_THAT(Screen(report), HasSubstr("3. https://origin.corp/v2  the origin by --origin"));
}

TEST(Explain, OfATagThatWentAwaySaysSo) { EXPECT_EQ(Screen({}), "the tag went away while it was looked at\n"); }

TEST(Explain, OfAPodWithoutVerdictsOfContainersCountsTags) {
  v1::NodeReport report = ReportNamed("pod_of_two");
  report.clear_containers();
  EXPECT_THAT(Screen(report), StartsWith("shop/web-0: 1 of 2 tags is stale\n"));
}

}  // namespace
}  // namespace tagdrift::render
