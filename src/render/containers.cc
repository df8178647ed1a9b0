#include "containers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "columns.h"
#include "formats.h"
#include "words.h"

namespace tagdrift::render {
namespace {

constexpr std::size_t kMostNamed = 3;

int Urgency(const v1::ContainerReport& container) {
  if (!container.decides()) return 3;
  if (!IsListed(container)) return 2;
  return container.verdict() == v1::VERDICT_STALE ? 0 : 1;
}

auto Order(const v1::ContainerReport& container) {
  return std::tuple(Urgency(container), container.pod().namespace_(), container.pod().name(), container.name(),
                    container.id());
}

std::string Asked(const v1::ContainerReport& container) {
  if (!container.requested_reference().empty()) return container.requested_reference();
  return container.candidates_size() == 0 ? "-" : container.candidates(0) + " ?";
}

Row ContainerRow(const v1::ContainerReport& container, bool wide) {
  Row row = {Word(v1::Verdict_Name(container.verdict()), "VERDICT_"), ShortDigest(container.running_image_id()),
             ShortDigest(container.tag_image_id()), OutcomeCell(container.restart().outcome())};
  if (wide) {
    const std::string assumed = container.pull_policy().source() == "assumed" ? " (assumed)" : "";
    row.insert(row.end(), {container.pull_policy().value() + assumed, Word(v1::Cause_Name(container.cause()), "CAUSE_"),
                           Asked(container)});
  }
  row.push_back(ContainerText(container.pod(), container.name()) + Aside(container));
  return row;
}

/// Containers of one workload with the same story.
auto StoryOf(const v1::ContainerReport& container) {
  const std::string& owner = container.pod().owner();
  return std::tuple(container.pod().namespace_(), owner.empty() ? container.pod().name() : owner, container.name(),
                    container.requested_reference(), container.detail(), container.restart().detail());
}

std::string Heading(const Containers& alike) {
  const v1::ContainerReport& first = *alike[0];
  if (alike.size() == 1) return ContainerText(first.pod(), first.name());
  return fmt::format("{} {} {} ({})", first.pod().namespace_(), first.pod().owner(), first.name(),
                     Counted(alike.size(), "pod"));
}

std::string Pods(const Containers& alike) {
  if (alike.size() == 1) return "";
  std::vector<std::string> names;
  for (const v1::ContainerReport* container : alike) names.push_back(PodText(container->pod()));
  return ListText(names, kMostNamed);
}

std::string Why(const v1::ContainerReport& container) {
  if (container.cause() == v1::CAUSE_NONE) return container.detail();
  return Word(v1::Cause_Name(container.cause()), "CAUSE_") + ": " + container.detail();
}

/// Each remedy once, whatever it is said of.
class Said {
 public:
  explicit Said(const std::vector<Tags>& troubles) {
    for (const Tags& trouble : troubles) {
      for (const v1::TagReport* tag : trouble) {
        for (const v1::Remedy& remedy : tag->remedies()) said_.insert(KeyOf(remedy));
      }
    }
  }

  bool IsNew(const v1::Remedy& remedy) { return said_.insert(KeyOf(remedy)).second; }

 private:
  using Key = std::tuple<v1::RemedyKind, std::string, std::string>;
  static Key KeyOf(const v1::Remedy& remedy) {
    return {remedy.kind(), remedy.command(), remedy.command().empty() ? remedy.file() + remedy.detail() : ""};
  }

  std::set<Key> said_;
};

std::string Paragraph(const Containers& alike, Said& said, std::size_t width) {
  const v1::ContainerReport& first = *alike[0];
  const std::pair<const char*, std::string> lines[] = {
      {"  why   ", Why(first)}, {"  tag   ", Asked(first)}, {"  pods  ", Pods(alike)}, {"  next  ", Next(first)}};
  std::string text = "\n" + Heading(alike) + "\n";
  for (const auto& [label, line] : lines) {
    if (!line.empty()) text += Wrap(label, line, width);
  }
  std::vector<std::pair<const v1::Remedy*, std::vector<std::string>>> fixes;
  for (const v1::ContainerReport* container : alike) {
    for (const v1::Remedy& remedy : container->remedies()) {
      if (remedy.kind() == v1::REMEDY_KIND_NONE || !said.IsNew(remedy)) continue;
      auto fix = std::ranges::find_if(fixes, [&](const auto& known) {
        return known.first->kind() == remedy.kind() && known.first->detail() == remedy.detail();
      });
      if (fix == fixes.end()) fix = fixes.insert(fixes.end(), {&remedy, {}});
      if (!remedy.command().empty()) fix->second.push_back(remedy.command());
    }
  }
  for (const auto& [remedy, commands] : fixes) text += FixText(*remedy, remedy->detail(), commands, width);
  return text;
}

}  // namespace

Containers ByUrgency(const google::protobuf::RepeatedPtrField<v1::ContainerReport>& containers) {
  Containers ordered;
  for (const v1::ContainerReport& container : containers) ordered.push_back(&container);
  std::ranges::sort(ordered, [](const auto* a, const auto* b) { return Order(*a) < Order(*b); });
  return ordered;
}

std::string Aside(const v1::ContainerReport& container) {
  if (container.decides()) return "";
  if (container.superseded()) return " (older attempt)";
  if (container.state() != "running") return " (" + container.state() + ")";
  if (container.pod_terminating()) return " (terminating)";
  if (container.role() == v1::CONTAINER_ROLE_INIT) return " (init)";
  return container.role() == v1::CONTAINER_ROLE_EPHEMERAL ? " (ephemeral)" : "";
}

std::string Next(const v1::ContainerReport& container) {
  const v1::PullPolicy& policy = container.pull_policy();
  if (policy.value().empty()) return container.restart().detail();
  return fmt::format("{}{}: {}", policy.value(), policy.source() == "assumed" ? " (assumed)" : "",
                     container.restart().detail());
}

bool IsListed(const v1::ContainerReport& container) {
  if (!container.decides()) return false;
  if (container.verdict() == v1::VERDICT_STALE || container.downgrade_risk()) return true;
  if (container.restart().outcome() == v1::OUTCOME_FAILS) return true;
  // Of a tag that is undecided or gone, its own paragraph says all there is to say.
  return container.verdict() == v1::VERDICT_UNDECIDED &&
         (container.requested_reference().empty() || container.tag_image_id().empty());
}

std::string ContainerRows(const Containers& containers, const Style& style, bool wide) {
  std::vector<Row> rows = {{"VERDICT", "RUNS", "TAG HAS", "RESTART"}};
  if (wide) rows[0].insert(rows[0].end(), {"POLICY", "CAUSE", "ASKED FOR"});
  rows[0].push_back("CONTAINER");
  for (const v1::ContainerReport* container : containers) {
    if (style.all || IsListed(*container)) rows.push_back(ContainerRow(*container, wide));
  }
  if (rows.size() == 1) return "";
  return "\n" + (style.color ? Columns(rows, ColorOf) : Columns(rows));
}

std::string ContainerParagraphs(const Containers& containers, const std::vector<Tags>& troubles, std::size_t width) {
  std::vector<Containers> stories;
  std::map<decltype(StoryOf(*containers[0])), std::size_t> known;
  for (const v1::ContainerReport* container : containers) {
    if (!IsListed(*container)) continue;
    const auto [entry, is_new] = known.try_emplace(StoryOf(*container), stories.size());
    if (is_new) stories.emplace_back();
    stories[entry->second].push_back(container);
  }
  Said said(troubles);
  std::string text;
  for (const Containers& alike : stories) text += Paragraph(alike, said, width);
  return text;
}

}  // namespace tagdrift::render
