#include "headline.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "headline_pieces.h"
#include "prose.h"

namespace tagdrift::report {
namespace {

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
  /// A restart would bring them something stale, and no tag's own risk says so.
  std::set<std::string> at_risk;
  /// What would bring it: hosts, and an empty name for the image that is here.
  std::set<std::string> risky_hosts;
};

/// How a piece of the headline speaks of mirrors.
enum class Mirrors { kByName, kAsAMirror };

/// True where the tag itself is counted as at risk.
bool CountsAsRisk(const JudgedTag& tag, const Round& round) {
  return tag.result.downgrade_risk &&
         std::ranges::any_of(round.tags, [&](const JudgedTag& listed) { return &listed == &tag; });
}

void AddRisk(const judge::ContainerResult& container, const JudgedTag* tag, const std::string& pod, const Round& round,
             Pods& pods) {
  if (!container.downgrade_risk || (tag != nullptr && CountsAsRisk(*tag, round))) return;
  pods.at_risk.insert(pod);
  const bool pulled = tag != nullptr && container.restart.host;
  pods.risky_hosts.insert(pulled ? HostText(*RouteOf(*tag, round).hosts[*container.restart.host]) : "");
}

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
    AddRisk(container, tag, pod, round, pods);
  }
  summary.set_pods_behind_tag(static_cast<int>(pods.behind_tag.size()));
  summary.set_pods_would_not_start(static_cast<int>(pods.would_not_start.size()));
  return pods;
}

std::string PulledFrom(const JudgedTag& tag, const judge::Route& route, Mirrors mirrors = Mirrors::kByName) {
  const std::optional<std::size_t>& host = tag.result.next_pull.pull.host;
  return host && mirrors == Mirrors::kByName ? HostText(*route.hosts[*host]) : "a mirror";
}

/// The cause of one stale or undecided tag in two or three words.
std::string CauseWords(const JudgedTag& tag, const judge::Route& route, Mirrors mirrors) {
  switch (tag.result.cause) {
    case judge::Cause::kStaleMirror:
      return "behind " + PulledFrom(tag, route, mirrors);
    case judge::Cause::kMirrorDiffers:
      return "differing at " + PulledFrom(tag, route, mirrors);
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

/// "2 behind mirror.corp, 1 moved upstream", the most frequent first.
std::string Joined(const Counts& counts) {
  std::multimap<int, std::string, std::greater<>> by_count;
  for (const auto& [words, count] : counts) by_count.emplace(count, words);
  std::string text;
  for (const auto& [count, words] : by_count) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, words);
  return text;
}

/// Nothing to say where `count` is 0.
std::vector<std::string> Counted(int count, const std::string& form) {
  return count > 0 ? std::vector<std::string>{form} : std::vector<std::string>{};
}

std::string Breakdown(const Round& round, judge::Verdict verdict, Mirrors mirrors) {
  Counts counts;
  for (const JudgedTag& tag : round.tags) {
    if (tag.result.verdict == verdict) ++counts[CauseWords(tag, RouteOf(tag, round), mirrors)];
  }
  return Joined(counts);
}

/// With the mirrors' names, or where these are too long, without.
std::vector<std::string> Breakdowns(const Round& round, judge::Verdict verdict) {
  return {Breakdown(round, verdict, Mirrors::kByName), Breakdown(round, verdict, Mirrors::kAsAMirror)};
}

std::string Plural(int count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

/// Who is at risk: "2" of the tags, "1 pod", or both.
std::string AtRisk(int tags, int pods) {
  if (pods == 0) return fmt::format("{} at risk", tags);
  const std::string of_pods = Plural(pods, "pod", "pods") + " at risk";
  return tags == 0 ? of_pods : Plural(tags, "tag", "tags") + " and " + of_pods;
}

/// "2 at risk of a downgrade by mirror.corp", or how many hosts they are at risk by where these are several.
std::vector<std::string> RiskWords(const Round& round, int tags, const Pods& pods) {
  std::set<std::string> hosts = pods.risky_hosts;
  for (const JudgedTag& tag : round.tags) {
    if (tag.result.downgrade_risk) hosts.insert(PulledFrom(tag, RouteOf(tag, round)));
  }
  if (hosts.empty()) return {};
  const std::string at_risk = AtRisk(tags, static_cast<int>(pods.at_risk.size()));
  const std::string downgrade = at_risk + " of a downgrade";
  if (hosts.contains("")) return {downgrade, at_risk};
  if (hosts.size() > 1) return {fmt::format("{} by {} mirrors", downgrade, hosts.size()), downgrade, at_risk};
  return {downgrade + " by " + *hosts.begin(), downgrade + " by a mirror", downgrade, at_risk};
}

/// Set where fresh tags were measured by an explicit `server` that is not the registry itself. `fresh`: how many are.
std::vector<std::string> MeasuredBy(const Round& round, int fresh) {
  std::set<std::string> hosts;
  int count = 0;
  for (const JudgedTag& tag : round.tags) {
    const judge::Route& route = RouteOf(tag, round);
    if (tag.result.verdict != judge::Verdict::kFresh || !route.origin_is_other_host) continue;
    hosts.insert(HostText(*route.hosts[*route.origin]));
    ++count;
  }
  if (hosts.empty()) return {};
  const std::string as_fresh = (count == fresh ? "" : fmt::format("{} only ", count)) + "as fresh as ";
  if (hosts.size() > 1) return {as_fresh + fmt::format("{} other hosts", hosts.size())};
  return {as_fresh + *hosts.begin(), as_fresh + "another host"};
}

/// Nothing says when the image that a container runs was built: its tag may have moved back since.
std::string BehindWords(int pods) {
  return pods == 1 ? "1 pod still runs another image" : fmt::format("{} pods still run other images", pods);
}

std::string Headline(const Round& round, const v1::Summary& summary, const Pods& pods) {
  const int tags = summary.tags();
  const int undecided_pods = static_cast<int>(pods.undecided.size());
  const Piece risk = {"; ", RiskWords(round, summary.downgrade_risk(), pods), kRisk};
  const Piece behind = {"; ", Counted(summary.pods_behind_tag(), BehindWords(summary.pods_behind_tag())), kBehind};
  const Piece unknown = {"; ", Counted(undecided_pods, Plural(undecided_pods, "pod undecided", "pods undecided")),
                         kUnknown};
  if (tags == 0) {
    return Fit(round.tags_on_node > 0 ? fmt::format("No tag was selected (of {} on this node)", round.tags_on_node)
                                      : "No tags are cached on this node",
               {behind, unknown, risk});
  }
  const Piece undecided = {"; ", Counted(summary.undecided(), fmt::format("{} undecided", summary.undecided())),
                           kUndecided};
  const std::string of_all = fmt::format("of {} {}", tags, tags == 1 ? "tag" : "tags");
  const std::string used = fmt::format("({} in use)", summary.stale_in_use());
  if (summary.stale() > 0) {
    return Fit(fmt::format("{} {} {} stale {}", summary.stale(), of_all, summary.stale() == 1 ? "is" : "are", used),
               {{": ", Breakdowns(round, judge::Verdict::kStale), kBreakdown},
                behind,
                {"; ", Counted(summary.gone(), fmt::format("{} gone", summary.gone())), kGone},
                undecided,
                unknown,
                risk});
  }
  if (summary.gone() > 0) {
    return Fit(
        fmt::format("{} {} {} gone upstream {}", summary.gone(), of_all, summary.gone() == 1 ? "is" : "are", used),
        {behind, undecided, unknown, risk});
  }
  if (summary.undecided() > 0) {
    return Fit(fmt::format("{} {} {} undecided", summary.undecided(), of_all, summary.undecided() == 1 ? "is" : "are"),
               {{": ", Breakdowns(round, judge::Verdict::kUndecided), kBreakdown}, behind, unknown, risk});
  }
  const int failing = summary.pull_would_fail();
  const int not_starting = failing > 0 ? 0 : summary.pods_would_not_start();
  const Piece fails = {"; ", Counted(failing, Plural(failing, "pull would fail", "pulls would fail")), kFails};
  const Piece no_start = {
      "; ", Counted(not_starting, Plural(not_starting, "pod would", "pods would") + " not start again"), kFails};
  const std::vector<std::string> as_fresh = MeasuredBy(round, summary.fresh());
  const int good = summary.fresh() + summary.equivalent();
  if (good == tags) {
    return Fit(tags == 1 ? "The one tag is fresh" : fmt::format("All {} tags are fresh", tags),
               {behind, unknown, risk, fails, no_start, {": ", as_fresh, kMeasuredBy}});
  }
  return Fit(fmt::format("No tag is stale: {} fresh", good),
             {{", ", Counted(summary.local(), fmt::format("{} local", summary.local())), kGoodCounts},
              {", ", Counted(summary.immutable(), fmt::format("{} by digest", summary.immutable())), kGoodCounts},
              behind,
              unknown,
              risk,
              fails,
              no_start,
              {"; ", as_fresh, kMeasuredBy}});
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
