#include <fmt/format.h>

#include <vector>

#include "tagdrift/report/report.h"

namespace tagdrift::report {
namespace {

const char* DoneWord(v1::Action action) {
  switch (action) {
    case v1::ACTION_PREPULL:
      return "brought";
    case v1::ACTION_EVICT:
      return "evicted";
    default:
      return "refreshed";
  }
}

const char* PlanWord(v1::Action action) {
  switch (action) {
    case v1::ACTION_PREPULL:
      return "would be brought";
    case v1::ACTION_EVICT:
      return "would be evicted";
    default:
      return "would be refreshed";
  }
}

}  // namespace

std::string ActionHeadline(const v1::ActionReport& report) {
  if (report.results_size() == 0) return "nothing to do";
  const v1::Action action = report.results(0).plan().action();
  int counts[v1::ActionState_ARRAYSIZE] = {};
  for (const v1::ActionResult& result : report.results()) ++counts[result.outcome().state()];
  const std::vector<std::pair<v1::ActionState, const char*>> words = {
      {v1::ACTION_STATE_DONE, DoneWord(action)},
      {v1::ACTION_STATE_RACED, "raced"},
      {v1::ACTION_STATE_FAILED, "failed"},
      {v1::ACTION_STATE_STOPPED, "stopped"},
      {v1::ACTION_STATE_REFUSED, "refused"},
      {v1::ACTION_STATE_PLANNED, PlanWord(action)},
      {v1::ACTION_STATE_NOTHING_TO_DO, "nothing to do"}};
  std::string text;
  for (const auto& [state, word] : words) {
    if (counts[state] > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[state], word);
  }
  if (counts[v1::ACTION_STATE_PLANNED] > 0) text += "; nothing is changed without --yes";
  return text.size() <= 80 ? text : text.substr(0, 77) + "...";
}

}  // namespace tagdrift::report
