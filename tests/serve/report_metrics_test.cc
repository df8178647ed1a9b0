#include "serve/report_metrics.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "serve/metric_family.h"

namespace tagdrift::serve {
namespace {

using google::protobuf::util::TimeUtil;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const absl::Time kScrape = absl::FromUnixSeconds(1'800'000'000);

/// The series of one family by their label values in order: "stale,true".
std::map<std::string, double> Series(const v1::NodeReport& report, const std::string& name) {
  std::map<std::string, double> series;
  for (const prometheus::MetricFamily& family : ReportMetrics(report, kScrape)) {
    if (family.name != name) continue;
    for (const prometheus::ClientMetric& metric : family.metric) {
      std::string labels;
      for (const auto& label : metric.label) labels += (labels.empty() ? "" : ",") + label.value;
      EXPECT_TRUE(series.emplace(labels, metric.gauge.value).second) << "twice: " << name << " " << labels;
    }
  }
  return series;
}

/// Those that are not 0.
std::map<std::string, double> Counted(const v1::NodeReport& report, const std::string& name) {
  std::map<std::string, double> series = Series(report, name);
  std::erase_if(series, [](const auto& one) { return one.second == 0; });
  return series;
}

v1::TagReport& AddTag(v1::NodeReport& report, v1::Verdict verdict,
                      const std::string& name = "docker.io/library/app:1") {
  v1::TagReport& tag = *report.add_tags();
  tag.set_reference(name);
  tag.set_verdict(verdict);
  return tag;
}

void AddStaleContainer(v1::NodeReport& report, const std::string& name) {
  v1::ContainerReport& container = *report.add_containers();
  container.set_decides(true);
  container.set_verdict(v1::VERDICT_STALE);
  container.mutable_pod()->set_namespace_(name);
}

v1::RegistryReport& AddRegistry(v1::NodeReport& report, const std::string& name) {
  v1::RegistryReport& registry = *report.add_registries();
  registry.set_registry(name);
  return registry;
}

void AddHost(v1::RegistryReport& registry, const std::string& url, const std::map<std::string, int>& states) {
  v1::HostSummary& host = *registry.add_summary();
  host.set_url(url);
  for (const auto& [state, tags] : states) (*host.mutable_states())["HOST_STATE_" + state] = tags;
}

TEST(ReportMetrics, HaveEveryClosedLabelValueBeforeTheFirstReport) {
  const v1::NodeReport none;
  EXPECT_THAT(Series(none, "tagdrift_cached_tags"), SizeIs(14));
  EXPECT_THAT(Counted(none, "tagdrift_cached_tags"), IsEmpty());
  EXPECT_THAT(Series(none, "tagdrift_containers"),
              UnorderedElementsAre(Pair("fresh", 0), Pair("equivalent", 0), Pair("stale", 0), Pair("gone", 0),
                                   Pair("local", 0), Pair("immutable", 0), Pair("undecided", 0)));
  EXPECT_THAT(Series(none, "tagdrift_last_check_timestamp_seconds"), ElementsAre(Pair("", 0)));
  EXPECT_THAT(Series(none, "tagdrift_registry_host_tags"), IsEmpty());
}

TEST(ReportMetrics, CountTagsByVerdictAndUse) {
  v1::NodeReport report;
  AddTag(report, v1::VERDICT_STALE).add_used_by();
  AddTag(report, v1::VERDICT_STALE).add_used_by()->set_listed_only(true);
  AddTag(report, v1::VERDICT_FRESH);
  AddTag(report, v1::VERDICT_FRESH).set_not_cached(true);
  EXPECT_THAT(Counted(report, "tagdrift_cached_tags"),
              UnorderedElementsAre(Pair("stale,true", 1), Pair("stale,false", 1), Pair("fresh,false", 1)));
}

TEST(ReportMetrics, CountOnlyContainersThatDecide) {
  v1::NodeReport report;
  AddStaleContainer(report, "shop");
  AddStaleContainer(report, "shop");
  report.mutable_containers(1)->set_decides(false);
  EXPECT_THAT(Counted(report, "tagdrift_containers"), ElementsAre(Pair("stale", 1)));
  EXPECT_THAT(Series(report, "tagdrift_stale_containers"), ElementsAre(Pair("shop", 1)));
}

TEST(ReportMetrics, SumUpTheNamespacesBeyondTheLimit) {
  v1::NodeReport report;
  for (int i = 0; i < 9; ++i) AddStaleContainer(report, "ns-" + std::to_string(i));
  AddStaleContainer(report, "shop");
  AddStaleContainer(report, "shop");
  const auto series = Series(report, "tagdrift_stale_containers");
  EXPECT_THAT(series, SizeIs(6));
  EXPECT_EQ(series.at("shop"), 2);
  EXPECT_EQ(series.at("other"), 5);
}

TEST(ReportMetrics, HaveOneSeriesOfANamespaceThatIsCalledOther) {
  v1::NodeReport report;
  for (int i = 0; i < 9; ++i) AddStaleContainer(report, "ns-" + std::to_string(i));
  for (int i = 0; i < 3; ++i) AddStaleContainer(report, "other");
  EXPECT_EQ(Series(report, "tagdrift_stale_containers").at("other"), 8);
}

TEST(ReportMetrics, TellWhatHostsSayOfTags) {
  v1::NodeReport report;
  v1::RegistryReport& registry = AddRegistry(report, "docker.io");
  AddHost(registry, "https://mirror.corp:5000/v2", {{"IN_SYNC", 3}, {"BEHIND", 1}});
  AddHost(registry, "https://mirror.corp:5000/v2/hub", {{"BEHIND", 1}});
  AddHost(registry, "https://registry-1.docker.io/v2", {{"UNREACHABLE", 4}});
  AddHost(registry, "http://[fd00::1]:5000/v2", {{"NOT_ASKED", 4}});
  EXPECT_THAT(
      Series(report, "tagdrift_registry_host_tags"),
      UnorderedElementsAre(Pair("docker.io,mirror.corp:5000,in_sync", 3), Pair("docker.io,mirror.corp:5000,behind", 2),
                           Pair("docker.io,registry-1.docker.io,unreachable", 4),
                           Pair("docker.io,[fd00::1]:5000,not_asked", 4)));
  EXPECT_THAT(Series(report, "tagdrift_registry_host_up"),
              UnorderedElementsAre(Pair("docker.io,mirror.corp:5000", 1), Pair("docker.io,registry-1.docker.io", 0)))
      << "of a host that nobody asked nothing is known";
}

TEST(ReportMetrics, SumUpStatesThatSayNoTroubleFirst) {
  v1::NodeReport report;
  for (int i = 0; i < 8; ++i) {
    v1::RegistryReport& registry = AddRegistry(report, "registry-" + std::to_string(i));
    for (int host = 0; host < 3; ++host) {
      AddHost(registry, "https://host-" + std::to_string(3 * i + host) + "/v2", {{"IN_SYNC", 10}, {"BEHIND", 1}});
    }
  }
  const auto series = Series(report, "tagdrift_registry_host_tags");
  EXPECT_THAT(series, SizeIs(30));
  for (int host = 0; host < 24; ++host) {
    const std::string labels = "registry-" + std::to_string(host / 3) + ",host-" + std::to_string(host) + ",behind";
    EXPECT_TRUE(series.contains(labels)) << labels;
  }
  EXPECT_EQ(series.at("other,other,other"), 10 * (24 - 5));
}

TEST(ReportMetrics, CountFindingsOfRegistries) {
  v1::NodeReport report;
  v1::RegistryReport& registry = AddRegistry(report, "quay.io");
  registry.add_notes()->set_kind(v1::NOTE_KIND_HOST_IGNORED);
  registry.add_notes()->set_kind(v1::NOTE_KIND_HOST_IGNORED);
  EXPECT_THAT(Series(report, "tagdrift_registry_findings"), ElementsAre(Pair("quay.io,host_ignored", 2)));
}

TEST(ReportMetrics, SumUpFindingsThatMatterLeastFirst) {
  v1::NodeReport report;
  for (int i = 0; i < 8; ++i) {
    AddRegistry(report, "registry-" + std::to_string(i)).add_notes()->set_kind(v1::NOTE_KIND_MIRROR_MAY_RESOLVE);
    report.mutable_registries(i)->mutable_notes(0)->set_severity(v1::SEVERITY_INFO);
  }
  for (const v1::NoteKind kind : {v1::NOTE_KIND_FILE_IGNORED, v1::NOTE_KIND_MIRROR_MAY_RESOLVE}) {
    v1::Note& note = *report.mutable_registries(0)->add_notes();
    note.set_kind(kind);
    note.set_severity(kind == v1::NOTE_KIND_FILE_IGNORED ? v1::SEVERITY_MIRROR_UNUSED : v1::SEVERITY_INFO);
  }
  const auto series = Series(report, "tagdrift_registry_findings");
  EXPECT_THAT(series, SizeIs(6));
  EXPECT_EQ(series.at("registry-0,file_ignored"), 1);
  EXPECT_EQ(series.at("other,other"), 5);
}

TEST(ReportMetrics, TellTheAgeOfTheOldestDriftOnly) {
  v1::NodeReport report;
  *AddTag(report, v1::VERDICT_STALE).mutable_first_seen() = TimeUtil::SecondsToTimestamp(1'799'999'000);
  *AddTag(report, v1::VERDICT_GONE).mutable_first_seen() = TimeUtil::SecondsToTimestamp(1'799'990'000);
  *AddTag(report, v1::VERDICT_FRESH).mutable_first_seen() = TimeUtil::SecondsToTimestamp(1'700'000'000);
  AddTag(report, v1::VERDICT_STALE);  // nobody knows since when
  EXPECT_THAT(Series(report, "tagdrift_oldest_drift_seconds"), ElementsAre(Pair("", 10'000)));
}

TEST(ReportMetrics, HaveNoNegativeAgeAfterTheClockWasSetBack) {
  v1::NodeReport report;
  *AddTag(report, v1::VERDICT_STALE).mutable_first_seen() = TimeUtil::SecondsToTimestamp(1'800'086'400);
  EXPECT_THAT(Series(report, "tagdrift_oldest_drift_seconds"), ElementsAre(Pair("", 0)));
}

TEST(ReportMetrics, TellWhenTagsAreComparedWithAServerThatIsNotTheirRegistry) {
  v1::NodeReport report;
  const auto add = [&](const std::string& reference, v1::OriginSource source, const std::string& url) {
    v1::Origin& origin = *AddTag(report, v1::VERDICT_FRESH, reference).mutable_origin();
    origin.set_source(source);
    origin.set_url(url);
  };
  add("registry.corp/app:1", v1::ORIGIN_SOURCE_SERVER, "https://cache.corp/v2");
  add("registry.corp/app:2", v1::ORIGIN_SOURCE_SERVER, "https://registry.corp/v2");
  add("docker.io/library/app:1", v1::ORIGIN_SOURCE_SERVER, "https://registry-1.docker.io/v2");
  add("docker.io/library/app:2", v1::ORIGIN_SOURCE_CONFIGURED, "https://cache.corp/v2");
  add("docker.io/library/app:3", v1::ORIGIN_SOURCE_DEFAULT, "https://registry-1.docker.io/v2");
  EXPECT_THAT(Series(report, "tagdrift_origin_is_other_server_tags"), ElementsAre(Pair("", 1)));
}

TEST(ReportMetrics, TellTheTimeOfTheReport) {
  v1::NodeReport report;
  *report.mutable_checked_at() = TimeUtil::MillisecondsToTimestamp(1'799'999'999'500);
  EXPECT_THAT(Series(report, "tagdrift_last_check_timestamp_seconds"), ElementsAre(Pair("", 1'799'999'999.5)));
}

}  // namespace
}  // namespace tagdrift::serve
