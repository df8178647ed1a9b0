#include "serve/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace tagdrift::serve {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
constexpr const char* kDigest = "sha256:94ca65e6caf0f2dbd9d0a3fd4b9f6d7b3c9be6a0d0b2a7f0a6e8b0a1c2d3e4f5";

/// The sample lines.
std::vector<std::string> SamplesOf(const std::string& text) {
  std::vector<std::string> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.front() != '#') samples.push_back(line);
  }
  return samples;
}

std::set<std::string> FamiliesOf(const std::string& text) {
  std::set<std::string> families;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) families.insert(line.substr(7));
  }
  return families;
}

v1::ActionResult Ended(v1::Action action, v1::ActionState state) {
  v1::ActionResult result;
  result.mutable_plan()->set_action(action);
  result.mutable_outcome()->set_state(state);
  return result;
}

/// Eight registries of three hosts, each with `states`; 300 tags.
v1::NodeReport LargeReport(const std::vector<std::string>& states) {
  v1::NodeReport report;
  report.mutable_checked_at()->set_seconds(1'799'999'000);
  for (int i = 0; i < 8; ++i) {
    v1::RegistryReport& registry = *report.add_registries();
    registry.set_registry("registry-" + std::to_string(i) + ".corp");
    for (int kind = 1; kind < 12; ++kind) registry.add_notes()->set_kind(static_cast<v1::NoteKind>(kind));
    for (int host = 0; host < 3; ++host) {
      v1::HostSummary& summary = *registry.add_summary();
      summary.set_url("https://host-" + std::to_string(host) + ".registry-" + std::to_string(i) + ".corp:5000/v2");
      for (const std::string& state : states) (*summary.mutable_states())["HOST_STATE_" + state] = 7;
    }
  }
  for (int i = 0; i < 300; ++i) {
    v1::TagReport& tag = *report.add_tags();
    tag.set_reference("registry-" + std::to_string(i % 8) + ".corp/team/app-" + std::to_string(i) + ":1");
    tag.set_verdict(static_cast<v1::Verdict>(1 + i % v1::Verdict_MAX));
    tag.set_cached_digest(kDigest);
    v1::ContainerReport& container = *report.add_containers();
    container.set_decides(true);
    container.set_verdict(static_cast<v1::Verdict>(1 + i % v1::Verdict_MAX));
    container.mutable_pod()->set_namespace_("team-" + std::to_string(i % 40));
    container.mutable_pod()->set_name("secret-pod-" + std::to_string(i));
  }
  return report;
}

registry::Client::Counts Requests(const std::vector<std::string>& codes) {
  registry::Client::Counts counts;
  for (int i = 0; i < 24; ++i) {
    const std::string host = "host-" + std::to_string(i % 3) + ".registry-" + std::to_string(i / 3) + ".corp:5000";
    for (const std::string& code : codes) counts.outcomes[host][code] = 10;
  }
  return counts;
}

TEST(Metrics, AreThoseOfTheContract) {
  Metrics metrics("1.2.3");
  const v1::NodeReport report = LargeReport({"IN_SYNC"});
  EXPECT_THAT(
      FamiliesOf(metrics.Render(&report, Requests({"200"}), kNow)),
      testing::UnorderedElementsAre(
          "tagdrift_cached_tags gauge", "tagdrift_containers gauge", "tagdrift_registry_host_tags gauge",
          "tagdrift_downgrade_risk_tags gauge", "tagdrift_registry_findings gauge",
          "tagdrift_check_duration_seconds histogram", "tagdrift_last_check_timestamp_seconds gauge",
          "tagdrift_registry_requests_total counter", "tagdrift_actions_total counter",
          "tagdrift_stale_containers gauge", "tagdrift_registry_host_up gauge", "tagdrift_oldest_drift_seconds gauge",
          "tagdrift_build_info gauge", "tagdrift_check_failures_total counter", "tagdrift_refused_calls_total counter",
          "tagdrift_origin_is_other_server_tags gauge"));
}

TEST(Metrics, HaveEveryClosedLabelValueFromTheStart) {
  Metrics metrics("1.2.3");
  EXPECT_THAT(SamplesOf(metrics.Render(nullptr, {}, kNow)),
              IsSupersetOf({"tagdrift_cached_tags{verdict=\"stale\",in_use=\"true\"} 0",
                            "tagdrift_actions_total{action=\"refresh\",outcome=\"raced\"} 0",
                            "tagdrift_actions_total{action=\"evict\",outcome=\"nothing_to_do\"} 0",
                            "tagdrift_refused_calls_total{reason=\"permission\"} 0",
                            "tagdrift_refused_calls_total{reason=\"handshake\"} 0", "tagdrift_check_failures_total 0",
                            "tagdrift_check_duration_seconds_bucket{le=\"+Inf\"} 0",
                            "tagdrift_build_info{version=\"1.2.3\"} 1"}));
}

TEST(Metrics, CountRoundsByDurationWithThoseThatFailed) {
  Metrics metrics("1.2.3");
  metrics.RoundEnded(absl::Milliseconds(200), true);
  metrics.RoundEnded(absl::Seconds(2), true);
  metrics.RoundEnded(absl::Seconds(3), true);
  metrics.RoundEnded(absl::Hours(1), false);
  EXPECT_THAT(
      SamplesOf(metrics.Render(nullptr, {}, kNow)),
      IsSupersetOf(
          {"tagdrift_check_duration_seconds_bucket{le=\"0.3\"} 1", "tagdrift_check_duration_seconds_bucket{le=\"1\"} 1",
           "tagdrift_check_duration_seconds_bucket{le=\"3\"} 3", "tagdrift_check_duration_seconds_bucket{le=\"300\"} 3",
           "tagdrift_check_duration_seconds_bucket{le=\"+Inf\"} 4", "tagdrift_check_duration_seconds_count 4",
           "tagdrift_check_duration_seconds_sum 3605.2", "tagdrift_check_failures_total 1"}));
}

TEST(Metrics, CountActionsByWhatBecameOfThem) {
  Metrics metrics("1.2.3");
  metrics.ActionEnded(Ended(v1::ACTION_REFRESH, v1::ACTION_STATE_DONE));
  metrics.ActionEnded(Ended(v1::ACTION_REFRESH, v1::ACTION_STATE_DONE));
  metrics.ActionEnded(Ended(v1::ACTION_PREPULL, v1::ACTION_STATE_PLANNED));
  metrics.Refused(Refusal::kTooMany);
  const std::string text = metrics.Render(nullptr, {}, kNow);
  EXPECT_THAT(text, HasSubstr("tagdrift_actions_total{action=\"refresh\",outcome=\"done\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("tagdrift_refused_calls_total{reason=\"limit\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("planned")));
}

TEST(Metrics, CountRequestsByHostAndCode) {
  Metrics metrics("1.2.3");
  registry::Client::Counts counts;
  counts.outcomes = {{"mirror.corp:5000", {{"200", 7}, {"timeout", 1}}}};
  const std::string text = metrics.Render(nullptr, counts, kNow);
  EXPECT_THAT(text, HasSubstr("tagdrift_registry_requests_total{host=\"mirror.corp:5000\",code=\"200\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("tagdrift_registry_requests_total{host=\"mirror.corp:5000\",code=\"timeout\"} 1\n"));
}

TEST(Metrics, KeepTheSeriesOfACounterWhenOthersJoinIt) {
  Metrics metrics("1.2.3");
  metrics.Render(nullptr, Requests({"404"}), kNow);
  const std::string text = metrics.Render(nullptr, Requests({"200", "401", "404", "500"}), kNow);
  for (const auto& [host, codes] : Requests({"404"}).outcomes) {
    EXPECT_THAT(text, HasSubstr("tagdrift_registry_requests_total{host=\"" + host + "\",code=\"404\"} 10\n"));
  }
  EXPECT_THAT(text, HasSubstr("tagdrift_registry_requests_total{host=\"other\",code=\"other\"} 720\n"));
}

TEST(Metrics, HaveOneSeriesOfWhatTheClientCountsAsOther) {
  Metrics metrics("1.2.3");
  registry::Client::Counts counts = Requests({"200", "401"});
  counts.outcomes["other"]["other"] = 5;
  const std::vector<std::string> samples = SamplesOf(metrics.Render(nullptr, counts, kNow));
  EXPECT_THAT(samples, Contains(HasSubstr("host=\"other\"")).Times(1));
}

TEST(Metrics, AreAtMost150OfEightRegistriesWithThreeHostsWhateverTheySay) {
  Metrics metrics("1.2.3");
  const v1::NodeReport usual = LargeReport({"IN_SYNC"});
  const std::size_t series = SamplesOf(Metrics("1.2.3").Render(&usual, Requests({"200"}), kNow)).size();
  std::printf("8 registries of 3 hosts, 300 tags: %zu series\n", series);
  RecordProperty("series", static_cast<int>(series));
  EXPECT_LE(series, 150U);
  const v1::NodeReport unusual = LargeReport({"IN_SYNC", "BEHIND", "MISSING", "BROKEN", "UNREACHABLE", "NOT_ASKED"});
  const auto most = SamplesOf(metrics.Render(&unusual, Requests({"200", "401", "404", "429", "503", "error"}), kNow));
  std::printf("where all that can go wrong does: %zu series\n", most.size());
  EXPECT_LE(most.size(), 150U);
}

TEST(Metrics, NameNoDigestAndNoPod) {
  Metrics metrics("1.2.3");
  const v1::NodeReport report = LargeReport({"IN_SYNC", "BEHIND"});
  EXPECT_THAT(SamplesOf(metrics.Render(&report, Requests({"200"}), kNow)),
              Each(AllOf(Not(HasSubstr("sha256")), Not(HasSubstr("secret-pod")))));
}

TEST(Metrics, CannotBeBrokenByALabelValue) {
  Metrics metrics("1.2.3");
  v1::NodeReport report;
  report.add_registries()->set_registry("a\"\\\nb");
  report.mutable_registries(0)->add_notes()->set_kind(v1::NOTE_KIND_UNREADABLE);
  EXPECT_THAT(metrics.Render(&report, {}, kNow), HasSubstr("{registry=\"a\\\"\\\\\\nb\",kind=\"unreadable\"} 1\n"));
}

TEST(Metrics, PassPromtool) {
  if (!std::filesystem::exists(TAGDRIFT_PROMTOOL)) {
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true") FAIL() << "there is no " << TAGDRIFT_PROMTOOL;
    GTEST_SKIP() << "there is no " << TAGDRIFT_PROMTOOL << ": deploy/provision.sh brings it";
  }
  Metrics metrics("1.2.3");
  metrics.RoundEnded(absl::Seconds(2), true);
  const v1::NodeReport report = LargeReport({"IN_SYNC", "BEHIND"});
  FILE* promtool = popen(TAGDRIFT_PROMTOOL " check metrics", "w");
  ASSERT_NE(promtool, nullptr);
  std::fputs(metrics.Render(&report, Requests({"200", "timeout"}), kNow).c_str(), promtool);
  const int status = pclose(promtool);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace tagdrift::serve
