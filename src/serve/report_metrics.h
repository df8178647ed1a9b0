#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <vector>

#include "absl/time/time.h"
#include "tagdrift/v1/report.pb.h"

namespace tagdrift::serve {

/// How many series there may be of a kind that grows with the hosts, given that up to 24 hosts may have `series`.
constexpr std::size_t Room(std::size_t series, std::size_t hosts) { return hosts <= 24 ? series : series * hosts / 24; }

/// The hosts that the report tells of, each as often as registries have it; no more than series are made for.
std::size_t HostCount(const v1::NodeReport& report);

/// Drops what is large of a tag and in no metric.
void LeaveMeasured(v1::TagReport& tag);

/// What the report says, as metrics; drift is as old as it is at `now`. Of an empty report the series without registry,
/// host or namespace are there too, all 0. What there is no room for is summed up with all its labels "other"; of the
/// states of hosts those that say trouble are named first.
std::vector<prometheus::MetricFamily> ReportMetrics(const v1::NodeReport& report, absl::Time now);

}  // namespace tagdrift::serve
