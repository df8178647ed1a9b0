#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "explain.h"
#include "words.h"

namespace tagdrift::render {
namespace {

constexpr std::size_t kLongest = 80;

/// The sentence with `name` in it, or, where that is too long, with `instead`.
template <typename Sentence>
std::string Fitting(std::string_view name, std::string_view instead, const Sentence& sentence) {
  std::string text = sentence(name.empty() ? instead : name);
  return text.size() <= kLongest ? text : sentence(instead);
}

/// How many containers do not run what the tag points to, as "1 of 2 containers runs another image".
std::string StaleContainers(const Containers& containers) {
  const auto counts = std::ranges::count_if(containers, &v1::ContainerReport::decides);
  const auto stale = std::ranges::count_if(containers, [](const v1::ContainerReport* container) {
    return container->decides() && container->verdict() == v1::VERDICT_STALE;
  });
  if (stale == 0) return "";
  return fmt::format("{} of {} run{} another image", stale, Counted(static_cast<std::size_t>(counts), "container"),
                     stale == 1 ? "s" : "");
}

std::string AnswerOfGood(const Explained& explained) {
  const v1::TagReport& tag = explained.tag;
  const std::string verdict = Word(v1::Verdict_Name(tag.verdict()), "VERDICT_");
  if (const std::string stale = StaleContainers(explained.containers); !stale.empty()) {
    return fmt::format("{} tag, but {}", verdict, stale);
  }
  if (tag.downgrade_risk()) {
    return Fitting(HostOf(tag.next_pull().host()), "a mirror", [&](std::string_view host) {
      return fmt::format("{}, but the next pull would bring another image from {}", verdict, host);
    });
  }
  if (tag.next_pull().outcome() == v1::OUTCOME_FAILS) return verdict + ", but the next pull would fail";
  return Fitting(HostOf(tag.origin().url()), "the origin", [&](std::string_view host) {
    return tag.verdict() == v1::VERDICT_FRESH
               ? fmt::format("{}: this node has what {} has", verdict, host)
               : fmt::format("{}: another digest than {}'s, but the same image here", verdict, host);
  });
}

std::string AnswerOfStale(const v1::TagReport& tag) {
  const std::string_view origin = HostOf(tag.origin().url());
  const auto moved = [&](std::string_view then) {
    return Fitting(origin, "the origin",
                   [&](std::string_view host) { return fmt::format("STALE: the tag moved at {}; {}", host, then); });
  };
  const auto served = [&](std::string_view what) {
    return Fitting(HostOf(tag.next_pull().host()), "a mirror",
                   [&](std::string_view host) { return fmt::format("STALE: {} {}", host, what); });
  };
  switch (tag.cause()) {
    case v1::CAUSE_STALE_MIRROR:
      return served("serves an old image, and the next pull brings it");
    case v1::CAUSE_MIRROR_DIFFERS:
      return served("serves another image than the origin has");
    case v1::CAUSE_TAG_MOVED:
      return moved("the next pull is right");
    case v1::CAUSE_PULL_WOULD_FAIL:
      return moved("the next pull fails");
    case v1::CAUSE_WRONG_PLATFORM:
      return moved("the next pull cannot run here");
    case v1::CAUSE_MIRROR_CONFIG_IGNORED:
      return "STALE, and containerd ignores a mirror configuration";
    case v1::CAUSE_NOT_AN_IMAGE:
      return "STALE: what this node has under that name is no image";
    default:
      return moved("the next pull is not known");
  }
}

std::string AnswerOfUndecided(const v1::TagReport& tag) {
  const auto of_origin = [&](std::string_view what) {
    return Fitting(HostOf(tag.origin().url()), "the origin",
                   [&](std::string_view host) { return fmt::format("UNDECIDED: {} {}", host, what); });
  };
  switch (tag.cause()) {
    case v1::CAUSE_NODE_DISAGREES:
      return "UNDECIDED: the tag is broken on this node";
    case v1::CAUSE_ORIGIN_IS_MIRROR:
      return of_origin("is a mirror: --origin says what to compare with");
    case v1::CAUSE_UNAUTHORIZED:
      return of_origin("wants credentials");
    case v1::CAUSE_RATE_LIMITED:
      return of_origin("limits requests");
    case v1::CAUSE_ORIGIN_UNREACHABLE:
      return of_origin("does not answer");
    case v1::CAUSE_BAD_ANSWER:
      return of_origin("gave no answer that can be used");
    case v1::CAUSE_AMBIGUOUS_CACHE:
      return "UNDECIDED: this node does not say which digest the tag has";
    case v1::CAUSE_WRONG_PLATFORM:
      return "UNDECIDED: the cached image is for another platform";
    case v1::CAUSE_PULL_WOULD_FAIL:
      return "UNDECIDED: every pull from this registry fails";
    case v1::CAUSE_MIRROR_CONFIG_IGNORED:
      return "UNDECIDED: containerd ignores a mirror configuration";
    default:
      return "UNDECIDED: what the registry has is not known";
  }
}

/// The node has no such name: what a pull would do.
std::string AnswerOfUncached(const v1::TagReport& tag) {
  const v1::NextPull& pull = tag.next_pull();
  switch (pull.outcome()) {
    case v1::OUTCOME_FRESH:
    case v1::OUTCOME_EQUIVALENT:
      return "NOT CACHED on this node; a pull would be right";
    case v1::OUTCOME_STALE:
      return Fitting(HostOf(pull.host()), "a mirror", [](std::string_view host) {
        return fmt::format("NOT CACHED on this node; a pull brings another image from {}", host);
      });
    case v1::OUTCOME_FAILS:
      return "NOT CACHED on this node, and a pull fails";
    default:
      return "NOT CACHED on this node; what a pull brings is not known";
  }
}

std::string Counts(const std::vector<v1::Verdict>& all, std::string_view noun) {
  const auto count = [&](std::initializer_list<v1::Verdict> verdicts) {
    return std::ranges::count_if(all,
                                 [&](v1::Verdict one) { return std::ranges::find(verdicts, one) != verdicts.end(); });
  };
  const std::pair<std::string_view, std::ptrdiff_t> kinds[] = {{"stale", count({v1::VERDICT_STALE, v1::VERDICT_GONE})},
                                                               {"undecided", count({v1::VERDICT_UNDECIDED})}};
  const std::string of_all = Counted(all.size(), noun);
  for (const auto& [word, number] : kinds) {
    if (number > 0) return fmt::format("{} of {} {} {}", number, of_all, number == 1 ? "is" : "are", word);
  }
  return all.empty() ? fmt::format("no {} is known", noun) : of_all + (all.size() == 1 ? " is" : " are") + " not stale";
}

}  // namespace

std::string Answer(const Explained& explained) {
  const v1::TagReport& tag = explained.tag;
  if (tag.not_cached()) return AnswerOfUncached(tag);
  switch (tag.verdict()) {
    case v1::VERDICT_FRESH:
    case v1::VERDICT_EQUIVALENT:
      return AnswerOfGood(explained);
    case v1::VERDICT_STALE:
      return AnswerOfStale(tag);
    case v1::VERDICT_GONE:
      return Fitting(HostOf(tag.origin().url()), "the registry",
                     [](std::string_view host) { return fmt::format("GONE: {} has no such tag", host); });
    case v1::VERDICT_LOCAL:
      return "LOCAL: built, imported or retagged on this node";
    case v1::VERDICT_IMMUTABLE:
      return "IMMUTABLE: asked for by digest, nothing to go stale";
    default:
      return AnswerOfUndecided(tag);
  }
}

std::string PodAnswer(const v1::NodeReport& report) {
  std::vector<v1::Verdict> containers;
  for (const v1::ContainerReport& container : report.containers()) {
    if (container.decides()) containers.push_back(container.verdict());
  }
  std::vector<v1::Verdict> tags;
  for (const v1::TagReport& tag : report.tags()) tags.push_back(tag.verdict());
  const std::string counts = containers.empty() ? Counts(tags, "tag") : Counts(containers, "running container");
  const std::string pod = PodText(report.explained_pod());
  return Fitting(pod, "the pod", [&](std::string_view name) { return fmt::format("{}: {}", name, counts); });
}

}  // namespace tagdrift::render
