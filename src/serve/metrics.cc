#include "serve/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "serve/label_value.h"
#include "serve/metric_family.h"
#include "serve/report_metrics.h"

namespace tagdrift::serve {
namespace {

using prometheus::MetricFamily;

/// Upper bounds in seconds: a node of few tags, of many, one whose registries have to be waited for.
constexpr std::array kBuckets = {0.3, 1.0, 3.0, 10.0, 60.0, 300.0};
constexpr std::size_t kRequestSeries = 25;  ///< of up to 24 hosts

std::string_view LabelOf(Refusal reason) {
  switch (reason) {
    case Refusal::kNotPermitted:
      return "permission";
    case Refusal::kNotEnabled:
      return "disabled";
    case Refusal::kTooMany:
      return "limit";
    case Refusal::kBadRequest:
      return "invalid";
    case Refusal::kHandshake:
      return "handshake";
  }
  return "";
}

MetricFamily Durations(const std::vector<std::uint64_t>& rounds, double seconds) {
  prometheus::ClientMetric metric;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    metric.histogram.sample_count += rounds[i];
    if (i < kBuckets.size()) metric.histogram.bucket.push_back({metric.histogram.sample_count, kBuckets[i]});
  }
  metric.histogram.sample_sum = seconds;
  // The serialiser adds the bucket of all.
  return {.name = "tagdrift_check_duration_seconds",
          .help = "How long checks took, also those that failed.",
          .type = prometheus::MetricType::Histogram,
          .metric = {metric}};
}

MetricFamily Actions(const std::map<std::pair<int, int>, std::uint64_t>& actions) {
  MetricFamily family = Counter("tagdrift_actions_total", "Actions by what became of them.");
  for (int action = v1::Action_MIN + 1; action <= v1::Action_MAX; ++action) {
    for (int state = v1::ACTION_STATE_PLANNED + 1; state <= v1::ActionState_MAX; ++state) {
      const auto found = actions.find({action, state});
      Add(family,
          {{"action", LabelValue(v1::Action_Name(static_cast<v1::Action>(action)), "ACTION_")},
           {"outcome", LabelValue(v1::ActionState_Name(static_cast<v1::ActionState>(state)), "ACTION_STATE_")}},
          found == actions.end() ? 0 : found->second);
    }
  }
  return family;
}

MetricFamily Refusals(const std::map<Refusal, std::uint64_t>& refused) {
  MetricFamily family =
      Counter("tagdrift_refused_calls_total", "Calls and connections that were refused, by the reason.");
  for (const Refusal reason :
       {Refusal::kNotPermitted, Refusal::kNotEnabled, Refusal::kTooMany, Refusal::kBadRequest, Refusal::kHandshake}) {
    const auto found = refused.find(reason);
    Add(family, {{"reason", std::string(LabelOf(reason))}}, found == refused.end() ? 0 : found->second);
  }
  return family;
}

/// A counter that has a series keeps it: `named` grows up to `room`, what comes later is counted as "other".
MetricFamily Requests(const registry::Client::Counts& counts, std::size_t room,
                      std::set<std::pair<std::string, std::string>>& named) {
  MetricFamily family =
      Counter("tagdrift_registry_requests_total", "Requests to registry hosts by status, or why there was none.");
  std::uint64_t other = 0;
  for (const auto& [host, codes] : counts.outcomes) {
    for (const auto& [code, requests] : codes) {
      const std::pair series(host, code);
      const bool is_other = host == "other" && code == "other";  // the client's own limits
      if (named.size() + 1 < room && !is_other) named.insert(series);
      if (named.contains(series)) {
        Add(family, {{"host", host}, {"code", code}}, requests);
      } else {
        other += requests;
      }
    }
  }
  if (other > 0) Add(family, {{"host", "other"}, {"code", "other"}}, other);
  return family;
}

MetricFamily Single(MetricFamily family, Labels labels, double value) {
  Add(family, std::move(labels), value);
  return family;
}

}  // namespace

Metrics::Metrics(std::string version) : version_(std::move(version)), rounds_(kBuckets.size() + 1) {}

void Metrics::RoundEnded(absl::Duration took, bool ok) {
  const double seconds = absl::ToDoubleSeconds(took);
  const auto bucket = std::ranges::lower_bound(kBuckets, seconds) - kBuckets.begin();
  const std::lock_guard lock(mutex_);
  ++rounds_[static_cast<std::size_t>(bucket)];
  round_seconds_ += seconds;
  if (!ok) ++failures_;
}

void Metrics::ActionEnded(const v1::ActionResult& result) {
  const std::lock_guard lock(mutex_);
  ++actions_[{result.plan().action(), result.outcome().state()}];
}

void Metrics::Refused(Refusal reason) {
  const std::lock_guard lock(mutex_);
  ++refused_[reason];
}

std::string Metrics::Render(const v1::NodeReport* report, const registry::Client::Counts& requests, absl::Time now) {
  const v1::NodeReport& latest = report == nullptr ? v1::NodeReport::default_instance() : *report;
  std::vector<MetricFamily> families = ReportMetrics(latest, now);
  {
    const std::lock_guard lock(mutex_);
    families.push_back(Durations(rounds_, round_seconds_));
    families.push_back(Single(Counter("tagdrift_check_failures_total", "Checks that brought no report."), {},
                              static_cast<double>(failures_)));
    families.push_back(Requests(requests, Room(kRequestSeries, HostCount(latest)), named_));
    families.push_back(Actions(actions_));
    families.push_back(Refusals(refused_));
  }
  families.push_back(Single(Gauge("tagdrift_build_info", "This agent; always 1."), {{"version", version_}}, 1));
  std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace tagdrift::serve
