#include "headline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "prose.h"

namespace tagdrift::report {
namespace {

constexpr std::size_t kLongest = 80;

void Count(v1::Summary& summary, const JudgedTag& tag) {
  summary.set_tags(summary.tags() + 1);
  const bool used = std::ranges::any_of(tag.facts.image.used_by, &facts::ContainerUse::decides);
  if (used) summary.set_tags_in_use(summary.tags_in_use() + 1);
  if (tag.result.downgrade_risk) summary.set_downgrade_risk(summary.downgrade_risk() + 1);
  const auto add = [](auto value) { return value + 1; };
  switch (tag.result.verdict) {
    case judge::Verdict::kFresh:
      summary.set_fresh(add(summary.fresh()));
      break;
    case judge::Verdict::kEquivalent:
      summary.set_equivalent(add(summary.equivalent()));
      break;
    case judge::Verdict::kStale:
      summary.set_stale(add(summary.stale()));
      break;
    case judge::Verdict::kGone:
      summary.set_gone(add(summary.gone()));
      break;
    case judge::Verdict::kLocal:
      summary.set_local(add(summary.local()));
      break;
    case judge::Verdict::kImmutable:
      summary.set_immutable(add(summary.immutable()));
      break;
    case judge::Verdict::kUndecided:
      summary.set_undecided(add(summary.undecided()));
      break;
  }
  const bool drifted = tag.result.verdict == judge::Verdict::kStale || tag.result.verdict == judge::Verdict::kGone;
  if (drifted && used) summary.set_stale_in_use(add(summary.stale_in_use()));
  const bool good = tag.result.verdict == judge::Verdict::kFresh || tag.result.verdict == judge::Verdict::kEquivalent;
  if (good && tag.result.next_pull.pull.outcome == judge::Outcome::kFails) {
    summary.set_pull_would_fail(add(summary.pull_would_fail()));
  }
}

void CountVerdict(v1::Summary& summary, judge::Verdict verdict) {
  switch (verdict) {
    case judge::Verdict::kFresh:
      return summary.set_containers_fresh(summary.containers_fresh() + 1);
    case judge::Verdict::kEquivalent:
      return summary.set_containers_equivalent(summary.containers_equivalent() + 1);
    case judge::Verdict::kStale:
      return summary.set_containers_stale(summary.containers_stale() + 1);
    case judge::Verdict::kGone:
      return summary.set_containers_gone(summary.containers_gone() + 1);
    case judge::Verdict::kLocal:
      return summary.set_containers_local(summary.containers_local() + 1);
    case judge::Verdict::kImmutable:
      return summary.set_containers_immutable(summary.containers_immutable() + 1);
    case judge::Verdict::kUndecided:
      return summary.set_containers_undecided(summary.containers_undecided() + 1);
  }
}

bool IsOnNode(const facts::CachedImage& image) { return image.target || image.cri_image_id; }

/// Pods of which more is to be said than of their tags.
struct Pods {
  std::set<std::string> behind_tag;
  std::set<std::string> undecided;
  std::set<std::string> would_not_start;
};

Pods CountContainers(const Round& round, const JudgedTags& tags, v1::Summary& summary) {
  Pods pods;
  for (const judge::ContainerResult& container : round.containers) {
    if (!container.request.decides) {
      summary.set_containers_listed(summary.containers_listed() + 1);
      continue;
    }
    summary.set_containers(summary.containers() + 1);
    CountVerdict(summary, container.verdict);
    if (container.downgrade_risk) summary.set_containers_downgrade_risk(summary.containers_downgrade_risk() + 1);
    const facts::Container& facts = round.node.containers[container.request.container];
    const std::string pod = facts.pod_name.empty() ? facts.sandbox_id : facts.pod_namespace + "/" + facts.pod_name;
    const JudgedTag* tag = TagOf(container, tags);
    const bool as_tag = tag != nullptr && IsOnNode(tag->facts.image) && container.verdict == tag->result.verdict;
    if (container.verdict == judge::Verdict::kStale && !as_tag) pods.behind_tag.insert(pod);
    if (container.verdict == judge::Verdict::kUndecided && !as_tag) pods.undecided.insert(pod);
    if (container.restart.outcome == judge::Outcome::kFails) pods.would_not_start.insert(pod);
  }
  summary.set_pods_behind_tag(static_cast<int>(pods.behind_tag.size()));
  summary.set_pods_would_not_start(static_cast<int>(pods.would_not_start.size()));
  return pods;
}

std::string PulledFrom(const JudgedTag& tag, const judge::Route& route) {
  const std::optional<std::size_t>& host = tag.result.next_pull.pull.host;
  return host ? HostText(*route.hosts[*host]) : "a mirror";
}

/// The cause of one stale or undecided tag in two or three words.
std::string CauseWords(const JudgedTag& tag, const judge::Route& route) {
  switch (tag.result.cause) {
    case judge::Cause::kStaleMirror:
      return "behind " + PulledFrom(tag, route);
    case judge::Cause::kMirrorDiffers:
      return "differing at " + PulledFrom(tag, route);
    case judge::Cause::kTagMoved:
      return "moved upstream";
    case judge::Cause::kWrongPlatform:
      return "for another platform";
    case judge::Cause::kPullWouldFail:
      return "failing to pull";
    case judge::Cause::kForecastUnknown:
      return "without a forecast";
    case judge::Cause::kMirrorConfigIgnored:
      return "by an ignored mirror configuration";
    case judge::Cause::kNodeDisagrees:
      return "broken on this node";
    case judge::Cause::kOriginIsMirror:
      return "without --origin";
    case judge::Cause::kUnauthorized:
      return "unauthorized";
    case judge::Cause::kRateLimited:
      return "rate limited";
    case judge::Cause::kOriginUnreachable:
      return "unreachable";
    case judge::Cause::kBadAnswer:
      return "with a bad answer";
    case judge::Cause::kAmbiguousCache:
      return "ambiguous";
    case judge::Cause::kNotAnImage:
      return "not an image";
    case judge::Cause::kNotCached:
      return "not cached";
    case judge::Cause::kTagDeleted:
    case judge::Cause::kNone:
      return "";
  }
  return "";
}

using Counts = std::map<std::string, int>;

const judge::Route& RouteOf(const JudgedTag& tag, const Round& round) {
  return round.routes.at(tag.facts.image.reference.registry());
}

/// "2 behind mirror.corp, 1 moved upstream", the most frequent first.
std::string Joined(const Counts& counts) {
  std::multimap<int, std::string, std::greater<>> by_count;
  for (const auto& [words, count] : counts) by_count.emplace(count, words);
  std::string text;
  for (const auto& [count, words] : by_count) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, words);
  return text;
}

std::string Breakdown(const Round& round, judge::Verdict verdict) {
  Counts counts;
  for (const JudgedTag& tag : round.tags) {
    if (tag.result.verdict == verdict) ++counts[CauseWords(tag, RouteOf(tag, round))];
  }
  return Joined(counts);
}

/// "2 at risk of a downgrade by mirror.corp", or how many hosts they are at risk by where these are several.
std::string RiskWords(const Round& round, int count) {
  std::set<std::string> hosts;
  for (const JudgedTag& tag : round.tags) {
    if (tag.result.downgrade_risk) hosts.insert(PulledFrom(tag, RouteOf(tag, round)));
  }
  if (hosts.empty()) return "";
  const std::string by = hosts.size() == 1 ? *hosts.begin() : fmt::format("{} mirrors", hosts.size());
  return fmt::format("{} at risk of a downgrade by {}", count, by);
}

/// Set where fresh tags were measured by an explicit `server` that is not the registry itself. `fresh`: how many are.
std::string MeasuredBy(const Round& round, int fresh) {
  std::set<std::string> hosts;
  int count = 0;
  for (const JudgedTag& tag : round.tags) {
    const judge::Route& route = RouteOf(tag, round);
    if (tag.result.verdict != judge::Verdict::kFresh || !route.origin_is_other_host) continue;
    hosts.insert(HostText(*route.hosts[*route.origin]));
    ++count;
  }
  if (hosts.empty()) return "";
  const std::string by = hosts.size() == 1 ? *hosts.begin() : fmt::format("{} other hosts", hosts.size());
  return (count == fresh ? "" : fmt::format("{} only ", count)) + "as fresh as " + by;
}

/// Joins what fits; the first piece always stands.
std::string Fit(std::string text, const std::vector<std::pair<std::string, std::string>>& pieces) {
  for (const auto& [separator, piece] : pieces) {
    if (piece.empty() || text.size() + separator.size() + piece.size() > kLongest) continue;
    text += separator + piece;
  }
  return text;
}

std::string Plural(int count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

/// The pods stand before the breakdown where there is room for one of them only.
std::string WithPods(const std::string& text, const std::string& breakdown, const std::string& pods) {
  if (pods.empty()) return Fit(text, {{": ", breakdown}});
  const std::string all = fmt::format("{}: {}; {}", text, breakdown, pods);
  return all.size() <= kLongest ? all : Fit(text, {{"; ", pods}});
}

std::string BehindWords(int pods) {
  if (pods == 0) return "";
  return pods == 1 ? "1 pod still runs an older image" : fmt::format("{} pods still run older images", pods);
}

std::string Headline(const Round& round, const v1::Summary& summary, const Pods& pods) {
  const int tags = summary.tags();
  const std::string behind = BehindWords(summary.pods_behind_tag());
  const std::string unknown =
      pods.undecided.empty() ? "" : Plural(static_cast<int>(pods.undecided.size()), "pod undecided", "pods undecided");
  if (tags == 0) {
    return Fit(round.tags_on_node > 0 ? fmt::format("No tag was selected (of {} on this node)", round.tags_on_node)
                                      : "No tags are cached on this node",
               {{"; ", behind}, {"; ", unknown}});
  }
  const std::string risk = summary.downgrade_risk() > 0 ? RiskWords(round, summary.downgrade_risk()) : "";
  const std::string undecided = summary.undecided() > 0 ? fmt::format("{} undecided", summary.undecided()) : "";
  const std::string of_all = fmt::format("of {} {}", tags, tags == 1 ? "tag" : "tags");
  const std::string used = fmt::format("({} in use)", summary.stale_in_use());
  if (summary.stale() > 0) {
    const std::string gone = summary.gone() > 0 ? fmt::format("{} gone", summary.gone()) : "";
    return Fit(
        WithPods(fmt::format("{} {} {} stale {}", summary.stale(), of_all, summary.stale() == 1 ? "is" : "are", used),
                 Breakdown(round, judge::Verdict::kStale), behind),
        {{"; ", gone}, {"; ", undecided}, {"; ", unknown}, {"; ", risk}});
  }
  if (summary.gone() > 0) {
    return Fit(
        fmt::format("{} {} {} gone upstream {}", summary.gone(), of_all, summary.gone() == 1 ? "is" : "are", used),
        {{"; ", behind}, {"; ", undecided}, {"; ", unknown}, {"; ", risk}});
  }
  if (summary.undecided() > 0) {
    return Fit(WithPods(fmt::format("{} {} {} undecided", summary.undecided(), of_all,
                                    summary.undecided() == 1 ? "is" : "are"),
                        Breakdown(round, judge::Verdict::kUndecided), behind),
               {{"; ", unknown}, {"; ", risk}});
  }
  const std::string fails =
      summary.pull_would_fail() > 0 ? Plural(summary.pull_would_fail(), "pull would fail", "pulls would fail") : "";
  const std::string no_start =
      !fails.empty() || summary.pods_would_not_start() == 0
          ? ""
          : Plural(summary.pods_would_not_start(), "pod would", "pods would") + " not start again";
  const std::string as_fresh = MeasuredBy(round, summary.fresh());
  const int good = summary.fresh() + summary.equivalent();
  if (good == tags) {
    return Fit(tags == 1 ? "The one tag is fresh" : fmt::format("All {} tags are fresh", tags),
               {{"; ", behind}, {"; ", unknown}, {"; ", risk}, {"; ", fails}, {"; ", no_start}, {": ", as_fresh}});
  }
  const std::string local = summary.local() > 0 ? fmt::format("{} local", summary.local()) : "";
  const std::string immutable = summary.immutable() > 0 ? fmt::format("{} by digest", summary.immutable()) : "";
  return Fit(fmt::format("No tag is stale: {} fresh", good), {{", ", local},
                                                              {", ", immutable},
                                                              {"; ", behind},
                                                              {"; ", unknown},
                                                              {"; ", risk},
                                                              {"; ", fails},
                                                              {"; ", no_start},
                                                              {"; ", as_fresh}});
}

}  // namespace

v1::Summary Summarise(const Round& round, const JudgedTags& tags) {
  v1::Summary summary;
  for (const JudgedTag& tag : round.tags) Count(summary, tag);
  const Pods pods = CountContainers(round, tags, summary);
  summary.set_digest_names(round.node.digest_names);
  summary.set_unnamed_images(round.node.unnamed_images);
  summary.set_headline(Headline(round, summary, pods));
  return summary;
}

}  // namespace tagdrift::report
