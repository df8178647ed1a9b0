#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace tagdrift::serve {

using Labels = std::vector<prometheus::ClientMetric::Label>;

inline prometheus::MetricFamily Gauge(std::string name, std::string help) {
  return {.name = std::move(name), .help = std::move(help), .type = prometheus::MetricType::Gauge, .metric = {}};
}

inline prometheus::MetricFamily Counter(std::string name, std::string help) {
  return {.name = std::move(name), .help = std::move(help), .type = prometheus::MetricType::Counter, .metric = {}};
}

/// Adds one series to a gauge or a counter.
template <typename Number>
void Add(prometheus::MetricFamily& family, Labels labels, Number value) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = metric.counter.value = static_cast<double>(value);
  family.metric.push_back(std::move(metric));
}

}  // namespace tagdrift::serve
