#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "columns.h"
#include "containers.h"
#include "formats.h"
#include "trouble.h"
#include "words.h"

namespace tagdrift::render {
namespace {

/// Of tags with the same trouble so many get rows; more are in their paragraph only, but for stale and gone ones.
constexpr std::size_t kMostRowsAlike = 3;

/// "4", or "1/4" where one of four runs what the tag points to.
std::string UsedCell(const v1::TagReport& tag) {
  const auto users = std::ranges::count_if(tag.used_by(), [](const v1::Use& use) { return !use.listed_only(); });
  const auto others = std::ranges::count_if(
      tag.used_by(), [](const v1::Use& use) { return !use.listed_only() && use.runs_other_image(); });
  if (users == 0) return "-";
  return others == 0 ? std::to_string(users) : fmt::format("{}/{}", users - others, users);
}

/// With all columns, or without those of digests.
Row TagRow(const v1::TagReport& tag, bool digests, bool wide) {
  const v1::NextPull& pull = tag.next_pull();
  Row row = {Word(v1::Verdict_Name(tag.verdict()), "VERDICT_"), UsedCell(tag)};
  if (digests) row.insert(row.end(), {ShortDigest(tag.cached_digest()), ShortDigest(tag.origin_digest())});
  row.push_back(OutcomeCell(pull.outcome()));
  if (wide) {
    row.insert(row.end(), {ShortDigest(pull.digest()), pull.host().empty() ? "-" : pull.host(),
                           ShortDigest(tag.image_id()), Word(v1::Cause_Name(tag.cause()), "CAUSE_")});
  }
  row.push_back(tag.reference());
  return row;
}

Row Titles(bool digests, bool wide) {
  Row row = {"VERDICT", "USED"};
  if (digests) row.insert(row.end(), {"CACHED", "ORIGIN"});
  row.push_back("NEXT PULL");
  if (wide) row.insert(row.end(), {"DIGEST", "FROM", "IMAGE ID", "CAUSE"});
  row.push_back("REFERENCE");
  return row;
}

std::vector<Row> RowsOf(const Tags& tags, bool digests, bool wide) {
  std::vector<Row> rows = {Titles(digests, wide)};
  for (const v1::TagReport* tag : tags) rows.push_back(TagRow(*tag, digests, wide));
  return rows;
}

/// Digests stand in rows where there is room for them.
std::string Rows(const Tags& tags, const Style& style, bool wide) {
  if (tags.empty()) return "";
  std::vector<Row> rows = RowsOf(tags, true, wide);
  if (!wide && WidthOf(rows) > style.width) rows = RowsOf(tags, false, false);
  return "\n" + (style.color ? Columns(rows, ColorOf) : Columns(rows));
}

/// The tags that get a row although not all do, in the order of `tags`.
Tags Listed(const Tags& tags, const std::vector<Tags>& troubles) {
  std::set<const v1::TagReport*> listed;
  for (const Tags& trouble : troubles) {
    const v1::Verdict verdict = trouble[0]->verdict();
    const bool proven = verdict == v1::VERDICT_STALE || verdict == v1::VERDICT_GONE;
    if (proven || trouble.size() <= kMostRowsAlike) listed.insert(trouble.begin(), trouble.end());
  }
  Tags ordered;
  std::ranges::copy_if(tags, std::back_inserter(ordered),
                       [&](const v1::TagReport* tag) { return listed.contains(tag); });
  return ordered;
}

/// Counts the tags that need nothing and have no row.
std::string NotListed(const Tags& tags, const Containers& containers) {
  const std::pair<v1::Verdict, const char*> kinds[] = {{v1::VERDICT_FRESH, "fresh"},
                                                       {v1::VERDICT_EQUIVALENT, "equivalent"},
                                                       {v1::VERDICT_LOCAL, "local"},
                                                       {v1::VERDICT_IMMUTABLE, "by digest"}};
  std::string text;
  for (const auto& kind : kinds) {
    const auto count = std::ranges::count_if(
        tags, [&](const v1::TagReport* tag) { return tag->verdict() == kind.first && !IsTrouble(*tag); });
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "\nnot listed: " : ", ", count, kind.second);
  }
  const auto well = static_cast<std::size_t>(std::ranges::count_if(
      containers, [](const v1::ContainerReport* container) { return container->decides() && !IsListed(*container); }));
  if (well > 0) text += (text.empty() ? "\nnot listed: " : ", ") + Counted(well, "container");
  return text.empty() ? text : text + " (--all lists them)\n";
}

std::string EmptySandboxes(const v1::NodeReport& report, std::size_t width) {
  std::string text;
  for (const v1::Sandbox& sandbox : report.empty_sandboxes()) {
    text +=
        fmt::format("{}{} ({})", text.empty() ? "no container in: " : ", ", PodText(sandbox.pod()), sandbox.state());
  }
  return text.empty() ? text : Wrap("pods    ", text, width);
}

/// Of a registry only those that change what a pull does; the others are for those who ask about their mirrors.
std::string Findings(const v1::NodeReport& report, std::size_t width) {
  std::string text;
  for (const v1::Note& note : report.findings()) text += Wrap("note    ", NoteText(note), width);
  for (const v1::RegistryReport& registry : report.registries()) {
    for (const v1::Note& note : registry.notes()) {
      if (note.severity() < v1::SEVERITY_WARNING) continue;
      text += Wrap("note    ", registry.registry() + ": " + NoteText(note), width);
    }
  }
  return text;
}

}  // namespace

const char* ColorOf(const std::string& verdict) {
  if (verdict == "STALE" || verdict == "GONE") return "\033[31m";
  if (verdict == "UNDECIDED") return "\033[33m";
  if (verdict == "FRESH" || verdict == "EQUIVALENT") return "\033[32m";
  return "";
}

std::string NoteText(const v1::Note& note) {
  if (note.file().empty()) return note.detail();
  const std::string line = note.line() > 0 ? ":" + std::to_string(note.line()) : "";
  return note.file() + line + ": " + note.detail();
}

std::string Table(const v1::NodeReport& report, const Style& style, bool wide) {
  const Tags tags = ByUrgency(report);
  const std::vector<Tags> troubles = Troubles(tags);
  std::string text = report.summary().headline() + "\n";
  const Containers containers = ByUrgency(report.containers());
  text += Rows(style.all ? tags : Listed(tags, troubles), style, wide);
  text += ContainerRows(containers, style, wide);
  if (!style.all) text += NotListed(tags, containers);
  for (const Tags& trouble : troubles) text += Paragraph(trouble, style.width, wide);
  text += ContainerParagraphs(containers, troubles, style.width);
  const std::string rest = (wide ? EmptySandboxes(report, style.width) : "") + UnwellHostsText(tags, style.width) +
                           UnknownPullsText(tags, style.width) + Findings(report, style.width);
  return rest.empty() ? text : text + "\n" + rest;
}

}  // namespace tagdrift::render
