#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "formats.h"
#include "trouble.h"
#include "words.h"

namespace tagdrift::render {
namespace {

constexpr std::size_t kMostNamed = 3;
constexpr std::size_t kMostCommands = 3;

std::string Heading(const Tags& tags) {
  if (tags.size() == 1) return tags[0]->reference();
  const auto used = std::ranges::count_if(tags, [](const v1::TagReport* tag) { return IsUsed(*tag); });
  return fmt::format("{} {} tags of {} ({} in use)", tags.size(),
                     Word(v1::Verdict_Name(tags[0]->verdict()), "VERDICT_"), RegistryOf(*tags[0]), used);
}

/// What `text_of` says of all tags, or of the first, where they differ.
template <typename TextOf>
std::string Common(const Tags& tags, const TextOf& text_of) {
  const std::string first = text_of(*tags[0]);
  const bool same = std::ranges::all_of(tags, [&](const v1::TagReport* tag) { return text_of(*tag) == first; });
  return same ? first : fmt::format("for example {}: {}", tags[0]->reference(), first);
}

std::string Why(const Tags& tags) {
  const std::string detail = Common(tags, [](const v1::TagReport& tag) { return tag.detail(); });
  if (tags[0]->cause() == v1::CAUSE_NONE) return detail;
  return Word(v1::Cause_Name(tags[0]->cause()), "CAUSE_") + ": " + detail;
}

/// What the next pull does, where `why` does not say it.
std::string NextPull(const Tags& tags) {
  const v1::NextPull& pull = tags[0]->next_pull();
  if (pull.detail().empty() || tags[0]->detail().find(pull.detail()) != std::string::npos) return "";
  const std::string detail = Common(tags, [](const v1::TagReport& tag) { return tag.next_pull().detail(); });
  if (pull.outcome() == v1::OUTCOME_FAILS) return "the next pull fails: " + detail;
  return pull.outcome() == v1::OUTCOME_UNDECIDED ? "what the next pull brings is not known: " + detail : "";
}

/// "built 3 d before the origin's image"; of several tags the least and the most.
std::string Age(const Tags& tags) {
  std::optional<std::pair<std::int64_t, std::int64_t>> range;
  for (const v1::TagReport* tag : tags) {
    if (!tag->age().has_cached_created() || !tag->age().has_origin_created()) return "";
    const std::int64_t behind = tag->age().origin_created().seconds() - tag->age().cached_created().seconds();
    if (!range) range.emplace(behind, behind);
    range = {std::min(range->first, behind), std::max(range->second, behind)};
  }
  const auto [least, most] = *range;
  if (least < 0 && most > 0) return "some were built before, some after the origin's images";
  if (least == 0 && most == 0) return "built at the same time as the origin's";
  const bool before = most > 0;
  const std::string from = SpanText(before ? least : -most);
  const std::string to = SpanText(before ? most : -least);
  return fmt::format("built {}{} {} the origin's", from, from == to ? "" : " to " + to, before ? "before" : "after");
}

/// Since when the tag has pointed to what it points to, and how old that is.
std::string Here(const Tags& tags) {
  const bool one = tags.size() == 1 && tags[0]->has_cached_since();
  const std::string since = one ? "since " + TimeText(tags[0]->cached_since()) : "";
  const std::string age = Age(tags);
  return since.empty() || age.empty() ? since + age : since + ", " + age;
}

std::string UsedBy(const Tags& tags) {
  std::vector<std::string> uses;
  for (const v1::TagReport* tag : tags) {
    for (const v1::Use& use : tag->used_by()) {
      if (use.listed_only()) continue;
      uses.push_back(fmt::format("{} ({})", ContainerText(use.pod(), use.container_name()), use.state()));
    }
  }
  return ListText(uses, kMostNamed);
}

/// One remedy with every tag that has it.
struct Fix {
  const v1::Remedy* remedy;
  std::vector<std::pair<const v1::TagReport*, const v1::Remedy*>> of;
};

std::vector<Fix> Fixes(const Tags& tags) {
  std::vector<Fix> fixes;
  for (const v1::TagReport* tag : tags) {
    for (const v1::Remedy& remedy : tag->remedies()) {
      if (remedy.kind() == v1::REMEDY_KIND_NONE) continue;
      auto fix = std::ranges::find_if(fixes, [&](const Fix& known) {
        return known.remedy->kind() == remedy.kind() && known.remedy->host() == remedy.host() &&
               known.remedy->file() == remedy.file() && known.remedy->line() == remedy.line();
      });
      if (fix == fixes.end()) fix = fixes.insert(fixes.end(), Fix{&remedy, {}});
      fix->of.emplace_back(tag, &remedy);
    }
  }
  return fixes;
}

/// What stands before the reference of a command that takes a list of them.
std::optional<std::string> Before(const std::string& command, const std::string& reference) {
  const bool takes_many =
      command.find(" refresh ") != std::string::npos || command.find(" check ") != std::string::npos;
  if (!takes_many || command.find(" --to ") != std::string::npos) return std::nullopt;
  if (!command.ends_with(" " + reference)) return std::nullopt;
  return command.substr(0, command.size() - reference.size());
}

/// One command for all tags where they differ in the reference only, else the distinct ones.
std::vector<std::string> Commands(const Fix& fix) {
  std::vector<std::string> distinct;
  std::optional<std::string> joined = Before(fix.remedy->command(), fix.of[0].first->reference());
  const std::string before = joined.value_or("");
  for (const auto& [tag, remedy] : fix.of) {
    const std::string& command = remedy->command();
    if (joined && Before(command, tag->reference()) == before) {
      *joined += (tag == fix.of[0].first ? "" : " ") + tag->reference();
    } else {
      joined.reset();
    }
    if (command.empty() || std::ranges::find(distinct, command) != distinct.end()) continue;
    distinct.push_back(command);
  }
  return joined ? std::vector{*joined} : distinct;
}

std::string JoinedFixText(const Fix& fix, std::size_t width) {
  const v1::Remedy& remedy = *fix.remedy;
  std::string detail = remedy.detail();
  const bool same =
      std::ranges::all_of(fix.of, [&](const auto& other) { return other.second->detail() == remedy.detail(); });
  if (!same) detail += fmt::format(" (likewise for {} more)", fix.of.size() - 1);
  return FixText(remedy, detail, Commands(fix), width);
}

std::string Walk(const v1::TagReport& tag, std::size_t width) {
  std::string text;
  for (const v1::WalkStep& step : tag.next_pull().walk()) {
    text +=
        Wrap("  walk  ",
             fmt::format("{}: {} {}", step.url(), Word(v1::WalkReason_Name(step.why()), "WALK_REASON_"), step.answer()),
             width);
  }
  return text;
}

}  // namespace

std::string FixText(const v1::Remedy& remedy, const std::string& detail, const std::vector<std::string>& commands,
                    std::size_t width) {
  std::string place = remedy.file();
  if (remedy.line() > 0) place += ":" + std::to_string(remedy.line());
  const std::string until = remedy.has_until() ? ", not before " + TimeText(remedy.until()) : "";
  std::string text = Wrap("  fix   ",
                          fmt::format("{}: {}{}{}{}", Word(v1::RemedyKind_Name(remedy.kind()), "REMEDY_KIND_"), place,
                                      place.empty() ? "" : ": ", detail, until),
                          width);
  // A command stays on one line: it is there to be pasted.
  for (std::size_t i = 0; i < std::min(commands.size(), kMostCommands); ++i) text += "        $ " + commands[i] + "\n";
  if (commands.size() > kMostCommands) {
    text += fmt::format("        and {} more: -o json has them\n", commands.size() - kMostCommands);
  }
  return text;
}

std::string Paragraph(const Tags& tags, std::size_t width, bool wide) {
  std::vector<std::string> names;
  for (const v1::TagReport* tag : tags) names.push_back(tag->reference());
  const std::pair<const char*, std::string> lines[] = {
      {"  why   ", Why(tags)},      {"  tags  ", tags.size() == 1 ? "" : ListText(names, kMostNamed)},
      {"  pull  ", NextPull(tags)}, {"  here  ", Here(tags)},
      {"  used  ", UsedBy(tags)},
  };
  std::string text = "\n" + Heading(tags) + "\n";
  for (const auto& [label, line] : lines) {
    if (!line.empty()) text += Wrap(label, line, width);
  }
  if (wide) text += Walk(*tags[0], width);
  for (const Fix& fix : Fixes(tags)) text += JoinedFixText(fix, width);
  return text;
}

}  // namespace tagdrift::render
