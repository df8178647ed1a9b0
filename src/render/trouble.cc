#include "trouble.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tagdrift::render {
namespace {

/// The smaller, the more urgent.
int Urgency(const v1::TagReport& tag) {
  switch (tag.verdict()) {
    case v1::VERDICT_STALE:
    case v1::VERDICT_GONE:
      return 0;
    case v1::VERDICT_UNDECIDED:
      return 2;
    default:
      return IsTrouble(tag) ? 1 : 3;
  }
}

auto Order(const v1::TagReport& tag) { return std::tuple(Urgency(tag), !IsUsed(tag), tag.reference()); }

}  // namespace

Tags ByUrgency(const v1::NodeReport& report) {
  Tags tags;
  for (const v1::TagReport& tag : report.tags()) tags.push_back(&tag);
  std::ranges::sort(tags, {}, [](const v1::TagReport* tag) { return Order(*tag); });
  return tags;
}

bool IsTrouble(const v1::TagReport& tag) {
  return tag.verdict() == v1::VERDICT_STALE || tag.verdict() == v1::VERDICT_GONE ||
         tag.verdict() == v1::VERDICT_UNDECIDED || tag.downgrade_risk() ||
         tag.next_pull().outcome() == v1::OUTCOME_FAILS;
}

std::vector<Tags> Troubles(const Tags& tags) {
  std::vector<Tags> troubles;
  std::map<std::tuple<std::string, v1::Verdict, v1::Cause, v1::Outcome, std::string>, std::size_t> known;
  for (const v1::TagReport* tag : tags) {
    if (!IsTrouble(*tag)) continue;
    const v1::NextPull& pull = tag->next_pull();
    const auto [entry, is_new] = known.try_emplace(
        {RegistryOf(*tag), tag->verdict(), tag->cause(), pull.outcome(), pull.host()}, troubles.size());
    if (is_new) troubles.emplace_back();
    troubles[entry->second].push_back(tag);
  }
  return troubles;
}

bool IsUsed(const v1::TagReport& tag) {
  return std::ranges::any_of(tag.used_by(), [](const v1::Use& use) { return !use.listed_only(); });
}

std::string RegistryOf(const v1::TagReport& tag) { return tag.reference().substr(0, tag.reference().find('/')); }

}  // namespace tagdrift::render
