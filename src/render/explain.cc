#include "explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "formats.h"
#include "tagdrift/render/render.h"
#include "trouble.h"
#include "words.h"

namespace tagdrift::render {
namespace {

Explained ExplainedTag(const v1::TagReport& tag, const v1::NodeReport& report) {
  Explained explained{.tag = tag, .containers = {}, .registry = nullptr};
  std::set<std::string> users;
  for (const v1::Use& use : tag.used_by()) users.insert(use.container_id());
  for (const v1::ContainerReport& container : report.containers()) {
    const bool asked = container.requested_reference() == tag.reference();
    const bool counted = container.requested_reference().empty() && users.contains(container.id());
    if (asked || counted) explained.containers.push_back(&container);
  }
  const auto registry = std::ranges::find(report.registries(), RegistryOf(tag), &v1::RegistryReport::registry);
  if (registry != report.registries().end()) explained.registry = &*registry;
  return explained;
}

/// "node-1, containerd 1.7.24, 2026-11-26 23:10:00Z".
std::string Where(const v1::NodeReport& report) {
  return fmt::format("{}, {} {}, {}", report.node(), report.runtime().name(), report.runtime().version(),
                     TimeText(report.checked_at()));
}

std::string Why(const v1::TagReport& tag) {
  if (tag.cause() == v1::CAUSE_NONE) return tag.detail();
  return Word(v1::Cause_Name(tag.cause()), "CAUSE_") + ": " + tag.detail();
}

std::string ContainerLines(const v1::ContainerReport& container, bool names_reference, std::size_t width) {
  std::string text = fmt::format("{}{}: {}", ContainerText(container.pod(), container.name()), Aside(container),
                                 Word(v1::Verdict_Name(container.verdict()), "VERDICT_"));
  if (container.cause() > v1::CAUSE_NONE) text += " (" + Word(v1::Cause_Name(container.cause()), "CAUSE_") + ")";
  text += ", runs image " + ShortDigest(container.running_image_id());
  if (names_reference) {
    const std::string& reference = container.requested_reference();
    text += reference.empty() ? "; which name it asked for is not known" : ", asked for " + reference;
  }
  const std::string next = container.decides() ? Next(container) : "";
  return Wrap("  ", text, width) + (next.empty() ? "" : Wrap("     ", next, width));
}

/// Those of the report or, where it has none, what counts as a user of the tag.
std::string ContainersText(const Explained& explained, std::size_t width) {
  std::string text;
  for (const v1::ContainerReport* container : explained.containers) text += ContainerLines(*container, false, width);
  if (text.empty()) {
    for (const v1::Use& use : explained.tag.used_by()) {
      text += Wrap("  ", fmt::format("{} ({})", ContainerText(use.pod(), use.container_name()), use.state()), width);
    }
  }
  return text.empty() ? text : "\nContainers:\n" + text;
}

std::string PodContainersText(const v1::NodeReport& report, std::size_t width) {
  std::string text;
  for (const v1::ContainerReport& container : report.containers()) text += ContainerLines(container, true, width);
  return text.empty() ? text : "\nContainers:\n" + text;
}

std::string NotesText(const v1::NodeReport& report, std::size_t width) {
  std::string text;
  for (const v1::RegistryReport& registry : report.registries()) {
    for (const v1::Note& note : registry.notes()) {
      text += Wrap("  ", Word(v1::NoteKind_Name(note.kind()), "NOTE_KIND_") + ": " + NoteText(note), width);
    }
  }
  for (const v1::Note& note : report.findings()) text += Wrap("  ", NoteText(note), width);
  return text.empty() ? text : "\nNotes:\n" + text;
}

/// What makes the next start right comes before the start, and what lasts comes last.
int Order(v1::RemedyKind kind) {
  switch (kind) {
    case v1::REMEDY_KIND_SET_PULL_POLICY:
      return 1;
    case v1::REMEDY_KIND_RESTART_WORKLOAD:
      return 2;
    case v1::REMEDY_KIND_PIN_DIGEST:
      return 3;
    default:
      return 0;
  }
}

/// Of tags and containers, each once.
std::vector<const v1::Remedy*> Remedies(const v1::NodeReport& report) {
  std::vector<const v1::Remedy*> remedies;
  std::set<std::tuple<v1::RemedyKind, std::string, std::string, std::string>> known;
  const auto add = [&](const v1::Remedy& remedy) {
    const bool is_new = known.emplace(remedy.kind(), remedy.detail(), remedy.command(), remedy.file()).second;
    if (is_new && remedy.kind() != v1::REMEDY_KIND_NONE) remedies.push_back(&remedy);
  };
  for (const v1::TagReport& tag : report.tags()) std::ranges::for_each(tag.remedies(), add);
  for (const v1::ContainerReport& container : report.containers()) std::ranges::for_each(container.remedies(), add);
  std::ranges::stable_sort(remedies, {}, [](const v1::Remedy* remedy) { return Order(remedy->kind()); });
  return remedies;
}

std::string RemediesText(const v1::NodeReport& report, std::size_t width) {
  std::string text;
  int number = 0;
  for (const v1::Remedy* remedy : Remedies(report)) {
    std::string place = remedy->file();
    if (remedy->line() > 0) place += ":" + std::to_string(remedy->line());
    std::string detail = remedy->detail();
    if (remedy->has_until()) detail += ", not before " + TimeText(remedy->until());
    text += Wrap(fmt::format("  {}. ", ++number),
                 fmt::format("{}: {}{}{}", Word(v1::RemedyKind_Name(remedy->kind()), "REMEDY_KIND_"), place,
                             place.empty() ? "" : ": ", detail),
                 width);
    // A command stays on one line: it is there to be pasted.
    if (!remedy->command().empty()) text += "     $ " + remedy->command() + "\n";
  }
  return text.empty() ? text : "\nWhat to do:\n" + text;
}

std::string TagText(const Explained& explained, std::size_t width) {
  return DigestsText(explained, width) + HostsText(explained, width) + WalkText(explained.tag, width) +
         CredentialsText(explained.tag, width);
}

std::string SimilarNames(const v1::TagReport& tag, std::size_t width) {
  constexpr std::size_t kShown = 3;
  if (tag.similar_names().empty()) return "";
  return Wrap("  here  ", ListText({tag.similar_names().begin(), tag.similar_names().end()}, kShown), width);
}

std::string Heading(const Explained& explained, std::size_t width) {
  return "\n" + explained.tag.reference() + "\n" + Wrap("  why   ", Why(explained.tag), width) +
         SimilarNames(explained.tag, width);
}

std::string PodExplanation(const v1::NodeReport& report, std::size_t width) {
  std::string text = PodAnswer(report) + "\n";
  text += Wrap("", "on " + Where(report), width) + PodContainersText(report, width);
  for (const v1::TagReport& tag : report.tags()) {
    const Explained explained = ExplainedTag(tag, report);
    text += Heading(explained, width) + Wrap("  so    ", Answer(explained), width) + TagText(explained, width);
  }
  return text;
}

}  // namespace

std::string Explain(const v1::NodeReport& report, const Style& style) {
  const std::size_t width = style.width;
  const std::string end = NotesText(report, width) + RemediesText(report, width);
  if (report.has_explained_pod()) return PodExplanation(report, width) + end;
  std::string text = report.tags().empty() ? "the tag went away while it was looked at\n" : "";
  for (const v1::TagReport& tag : report.tags()) {
    const Explained explained = ExplainedTag(tag, report);
    text += Answer(explained) + "\n" + Heading(explained, width) + Wrap("  on    ", Where(report), width) +
            TagText(explained, width) + ContainersText(explained, width);
  }
  return text + end;
}

}  // namespace tagdrift::render
