#pragma once

#include <string>

#include "tagdrift/v1/report.pb.h"

namespace tagdrift::serve {

/// A report of node-1 with `count` tags of over 1,000 bytes each, all of one verdict, and a container.
inline v1::NodeReport LongReport(int count, v1::Verdict verdict) {
  v1::NodeReport report;
  report.set_node("node-1");
  for (int i = 0; i < count; ++i) {
    v1::TagReport& tag = *report.add_tags();
    tag.set_reference("registry.test/app-" + std::to_string(i) + std::string(1000, 'x') + ":v1");
    tag.set_verdict(verdict);
  }
  report.add_containers()->set_id("container");
  return report;
}

}  // namespace tagdrift::serve
