#include "serve/report_metrics.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <compare>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "serve/label_value.h"
#include "serve/metric_family.h"
#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::serve {
namespace {

using prometheus::MetricFamily;

constexpr std::size_t kMostHosts = 240;
constexpr std::size_t kHostStates = 30;  ///< of up to 24 hosts
constexpr std::size_t kFindings = 6;
constexpr std::size_t kNamespaces = 6;

const std::string kOther = "other";

struct Series {
  Labels labels;
  double value = 0;
};

/// All of `series`, or as many of the first as there is room for beside one that sums up the rest.
void AddBounded(MetricFamily& family, std::vector<Series> series, std::size_t room) {
  if (series.size() > room) {
    Series rest{.labels = series.front().labels, .value = 0};
    for (auto& label : rest.labels) label.value = kOther;
    for (std::size_t i = room - 1; i < series.size(); ++i) rest.value += series[i].value;
    series.resize(room - 1);
    std::erase_if(series, [&rest](const Series& one) {  // a namespace may have that name
      if (one.labels != rest.labels) return false;
      rest.value += one.value;
      return true;
    });
    series.push_back(std::move(rest));
  }
  for (Series& one : series) Add(family, std::move(one.labels), one.value);
}

std::string VerdictLabel(int verdict) {
  return LabelValue(v1::Verdict_Name(static_cast<v1::Verdict>(verdict)), "VERDICT_");
}

bool InUse(const v1::TagReport& tag) {
  return std::ranges::any_of(tag.used_by(), [](const v1::Use& use) { return !use.listed_only(); });
}

/// "mirror:5000" of "https://mirror:5000/v2".
std::string HostOf(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

std::string_view RegistryOf(std::string_view reference) { return reference.substr(0, reference.find('/')); }

bool ComparedWithAnotherServer(const v1::TagReport& tag) {
  if (tag.origin().source() != v1::ORIGIN_SOURCE_SERVER) return false;
  const std::string_view registry = RegistryOf(tag.reference());
  const std::string host = HostOf(tag.origin().url());
  return host != registry && host != hosts::DefaultHostName(registry);
}

MetricFamily CachedTags(const v1::NodeReport& report) {
  std::map<std::pair<int, bool>, int> tags;
  for (const v1::TagReport& tag : report.tags()) {
    if (!tag.not_cached()) ++tags[{tag.verdict(), InUse(tag)}];
  }
  MetricFamily family = Gauge("tagdrift_cached_tags", "Cached tags by verdict, and whether a container uses them.");
  for (int verdict = v1::Verdict_MIN + 1; verdict <= v1::Verdict_MAX; ++verdict) {
    for (const bool in_use : {false, true}) {
      Add(family, {{"verdict", VerdictLabel(verdict)}, {"in_use", in_use ? "true" : "false"}}, tags[{verdict, in_use}]);
    }
  }
  return family;
}

MetricFamily Containers(const v1::NodeReport& report) {
  std::map<int, int> containers;
  for (const v1::ContainerReport& container : report.containers()) {
    if (container.decides()) ++containers[container.verdict()];
  }
  MetricFamily family = Gauge("tagdrift_containers", "Running containers by verdict.");
  for (int verdict = v1::Verdict_MIN + 1; verdict <= v1::Verdict_MAX; ++verdict) {
    Add(family, {{"verdict", VerdictLabel(verdict)}}, containers[verdict]);
  }
  return family;
}

MetricFamily StaleContainers(const v1::NodeReport& report) {
  std::map<std::string, int> namespaces;
  for (const v1::ContainerReport& container : report.containers()) {
    if (container.decides() && container.verdict() == v1::VERDICT_STALE) ++namespaces[container.pod().namespace_()];
  }
  std::vector<Series> series;
  series.reserve(namespaces.size());
  for (const auto& [name, count] : namespaces) {
    series.push_back({.labels = {{"namespace", name}}, .value = static_cast<double>(count)});
  }
  std::ranges::stable_sort(series, std::ranges::greater(), &Series::value);
  MetricFamily family = Gauge("tagdrift_stale_containers",
                              "Running containers that are stale, by the namespaces that have most of them.");
  AddBounded(family, std::move(series), kNamespaces);
  return family;
}

/// Tags by state of every host, by registry and host.
using HostStates = std::map<std::pair<std::string, std::string>, std::map<int, int>>;

HostStates StatesOf(const v1::NodeReport& report) {
  HostStates hosts;
  for (const v1::RegistryReport& registry : report.registries()) {
    for (const v1::HostSummary& summary : registry.summary()) {
      std::map<int, int>& states = hosts[{registry.registry(), HostOf(summary.url())}];
      for (const auto& [name, tags] : summary.states()) {
        v1::HostState state = v1::HOST_STATE_UNSPECIFIED;
        if (v1::HostState_Parse(name, &state)) states[state] += tags;
      }
    }
  }
  return hosts;
}

bool SaysTrouble(int state) {
  return state != v1::HOST_STATE_IN_SYNC && state != v1::HOST_STATE_EQUIVALENT && state != v1::HOST_STATE_NOT_ASKED;
}

MetricFamily HostTags(const HostStates& hosts) {
  std::vector<Series> series;
  for (const bool trouble : {true, false}) {
    for (const auto& [host, states] : hosts) {
      for (const auto& [state, tags] : states) {
        if (SaysTrouble(state) != trouble) continue;
        const std::string label = LabelValue(v1::HostState_Name(static_cast<v1::HostState>(state)), "HOST_STATE_");
        series.push_back({.labels = {{"registry", host.first}, {"host", host.second}, {"state", label}},
                          .value = static_cast<double>(tags)});
      }
    }
  }
  MetricFamily family =
      Gauge("tagdrift_registry_host_tags", "Cached tags by what each host of their registry says of them.");
  AddBounded(family, std::move(series), Room(kHostStates, std::min(hosts.size(), kMostHosts)));
  return family;
}

/// Only of hosts that were asked.
MetricFamily HostUp(const HostStates& hosts) {
  MetricFamily family =
      Gauge("tagdrift_registry_host_up", "Whether the host answered any request of the latest check.");
  for (const auto& [host, states] : hosts) {
    const auto asked = [](const auto& entry) { return entry.first != v1::HOST_STATE_NOT_ASKED; };
    const auto answered = [&](const auto& entry) { return asked(entry) && entry.first != v1::HOST_STATE_UNREACHABLE; };
    if (!std::ranges::any_of(states, asked) || family.metric.size() >= kMostHosts) continue;
    Add(family, {{"registry", host.first}, {"host", host.second}}, std::ranges::any_of(states, answered));
  }
  return family;
}

/// Those that matter most have a series before the others.
MetricFamily Findings(const v1::NodeReport& report) {
  struct Finding {
    int severity;
    std::string registry;
    int kind;
    auto operator<=>(const Finding&) const = default;
  };
  std::map<Finding, int, std::greater<>> findings;
  for (const v1::RegistryReport& registry : report.registries()) {
    for (const v1::Note& note : registry.notes()) ++findings[{note.severity(), registry.registry(), note.kind()}];
  }
  std::vector<Series> series;
  for (const auto& [finding, count] : findings) {
    const std::string kind = LabelValue(v1::NoteKind_Name(static_cast<v1::NoteKind>(finding.kind)), "NOTE_KIND_");
    series.push_back({.labels = {{"registry", finding.registry}, {"kind", kind}}, .value = static_cast<double>(count)});
  }
  MetricFamily family = Gauge("tagdrift_registry_findings", "Findings about the configuration of registries, by kind.");
  AddBounded(family, std::move(series), kFindings);
  return family;
}

double Seconds(const google::protobuf::Timestamp& time) {
  return static_cast<double>(google::protobuf::util::TimeUtil::TimestampToMilliseconds(time)) / 1000;
}

double OldestDrift(const v1::NodeReport& report, absl::Time now) {
  double oldest = 0;
  for (const v1::TagReport& tag : report.tags()) {
    const bool drifted = tag.verdict() == v1::VERDICT_STALE || tag.verdict() == v1::VERDICT_GONE;
    if (!drifted || !tag.has_first_seen()) continue;
    oldest = std::max(oldest, static_cast<double>(absl::ToUnixMillis(now)) / 1000 - Seconds(tag.first_seen()));
  }
  return oldest;
}

MetricFamily Single(std::string name, std::string help, double value) {
  MetricFamily family = Gauge(std::move(name), std::move(help));
  Add(family, {}, value);
  return family;
}

}  // namespace

std::size_t HostCount(const v1::NodeReport& report) { return std::min(StatesOf(report).size(), kMostHosts); }

void LeaveMeasured(v1::TagReport& tag) {
  tag.clear_hosts();
  tag.clear_next_pull();
  tag.clear_images();
  tag.clear_remedies();
}

std::vector<MetricFamily> ReportMetrics(const v1::NodeReport& report, absl::Time now) {
  const HostStates hosts = StatesOf(report);
  const auto risky = std::ranges::count_if(report.tags(), &v1::TagReport::downgrade_risk);
  const auto by_server = std::ranges::count_if(report.tags(), ComparedWithAnotherServer);
  return {
      CachedTags(report),
      Containers(report),
      StaleContainers(report),
      HostTags(hosts),
      HostUp(hosts),
      Findings(report),
      Single("tagdrift_downgrade_risk_tags", "Cached tags that are right and that their next pull would make stale.",
             static_cast<double>(risky)),
      Single(
          "tagdrift_origin_is_other_server_tags",
          "Cached tags that are compared with the server of a hosts.toml which is not their registry: fresh means as "
          "fresh as that server.",
          static_cast<double>(by_server)),
      Single("tagdrift_oldest_drift_seconds", "How long ago the oldest drift of a cached tag was first seen.",
             OldestDrift(report, now)),
      Single("tagdrift_last_check_timestamp_seconds", "When the latest report was made; 0 before the first.",
             Seconds(report.checked_at())),
  };
}

}  // namespace tagdrift::serve
