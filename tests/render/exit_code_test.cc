#include "tagdrift/render/exit_code.h"

#include <gtest/gtest.h>

namespace tagdrift::render {
namespace {

v1::NodeReport Report(int stale, int gone, int undecided, int risk) {
  v1::NodeReport report;
  report.mutable_summary()->set_stale(stale);
  report.mutable_summary()->set_gone(gone);
  report.mutable_summary()->set_undecided(undecided);
  report.mutable_summary()->set_downgrade_risk(risk);
  return report;
}

TEST(ExitCode, SaysDriftBeforeUndecided) {
  EXPECT_EQ(ExitCode(Report(0, 0, 0, 0), {}), 0);
  EXPECT_EQ(ExitCode(Report(1, 0, 0, 0), {}), 1);
  EXPECT_EQ(ExitCode(Report(0, 1, 0, 0), {}), 1);
  EXPECT_EQ(ExitCode(Report(0, 0, 3, 0), {}), 2);
  EXPECT_EQ(ExitCode(Report(1, 0, 3, 0), {}), 1);
}

TEST(ExitCode, CountsARiskOnlyOnDemand) {
  EXPECT_EQ(ExitCode(Report(0, 0, 0, 1), {}), 0);
  EXPECT_EQ(ExitCode(Report(0, 0, 0, 1), {.risk = true}), 1);
}

TEST(ExitCode, FollowsFailOn) {
  EXPECT_EQ(ExitCode(Report(1, 0, 1, 0), {.stale = false}), 2);
  EXPECT_EQ(ExitCode(Report(0, 0, 1, 0), {.undecided = false}), 0);
  EXPECT_EQ(ExitCode(Report(0, 1, 0, 0), {.gone = false}), 0);
}

TEST(ExitCode, SaysDriftOfAContainerWhoseTagIsFresh) {
  v1::NodeReport report = Report(0, 0, 0, 0);
  report.mutable_summary()->set_containers_undecided(1);
  EXPECT_EQ(ExitCode(report, {}), 2);
  report.mutable_summary()->set_containers_stale(1);
  EXPECT_EQ(ExitCode(report, {}), 1);
  EXPECT_EQ(ExitCode(report, {.stale = false}), 2);
  EXPECT_EQ(ExitCode(report, {.stale = false, .undecided = false}), 0);
  report.mutable_summary()->set_containers_downgrade_risk(1);
  EXPECT_EQ(ExitCode(report, {.stale = false, .risk = true, .undecided = false}), 1);
}

TEST(NpdLine, FitsTheProblemDetector) {
  v1::NodeReport report;
  report.mutable_summary()->set_headline(std::string(200, 'x'));
  EXPECT_EQ(NpdLine(report), std::string(80, 'x') + "\n");
}

TEST(NpdLine, CutsNoCharacterInTwo) {
  v1::NodeReport report;
  report.mutable_summary()->set_headline(std::string(79, 'x') + "\u00fc");
  EXPECT_EQ(NpdLine(report), std::string(79, 'x') + "\n");
}

}  // namespace
}  // namespace tagdrift::render
