#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "formats.h"

namespace tagdrift::render {
namespace {

using Row = std::vector<std::string>;

/// "VERDICT_STALE" without its type's prefix.
std::string Word(const std::string& name, std::string_view prefix) { return name.substr(prefix.size()); }

std::string ShortDigest(const std::string& digest) {
  const std::size_t colon = digest.find(':');
  return colon == std::string::npos ? "-" : digest.substr(colon + 1, 8);
}

std::string NextPullCell(const v1::NextPull& pull) {
  switch (pull.outcome()) {
    case v1::OUTCOME_FAILS:
      return "fails";
    case v1::OUTCOME_FRESH:
    case v1::OUTCOME_EQUIVALENT:
    case v1::OUTCOME_STALE:
      return ShortDigest(pull.digest());
    default:
      return pull.digest().empty() ? "-" : ShortDigest(pull.digest()) + "?";
  }
}

std::string UsedCell(const v1::TagReport& tag) {
  return tag.used_by_size() == 0 ? "-" : std::to_string(tag.used_by_size());
}

Row TagRow(const v1::TagReport& tag, bool wide) {
  Row row = {Word(v1::Verdict_Name(tag.verdict()), "VERDICT_"), UsedCell(tag), ShortDigest(tag.cached_digest()),
             ShortDigest(tag.origin_digest()), NextPullCell(tag.next_pull())};
  if (wide) {
    row.push_back(ShortDigest(tag.image_id()));
    row.push_back(Word(v1::Cause_Name(tag.cause()), "CAUSE_"));
    row.push_back(tag.next_pull().host().empty() ? "-" : tag.next_pull().host());
  }
  row.push_back(tag.reference());
  return row;
}

const char* ColorOf(const std::string& verdict) {
  if (verdict == "STALE" || verdict == "GONE") return "\033[31m";
  if (verdict == "UNDECIDED") return "\033[33m";
  if (verdict == "FRESH" || verdict == "EQUIVALENT") return "\033[32m";
  return "";
}

std::string Line(const Row& row, const std::vector<std::size_t>& widths, bool color) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string cell = i + 1 == row.size() ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
    const std::string paint = color && i == 0 ? ColorOf(row[i]) : "";
    line += paint.empty() ? cell : paint + cell + "\033[0m";
  }
  return line + "\n";
}

bool NeedsExplaining(const v1::TagReport& tag) {
  return tag.verdict() == v1::VERDICT_STALE || tag.verdict() == v1::VERDICT_GONE ||
         tag.verdict() == v1::VERDICT_UNDECIDED || tag.downgrade_risk() ||
         tag.next_pull().outcome() == v1::OUTCOME_FAILS;
}

std::string UsedBy(const v1::TagReport& tag) {
  std::string text;
  for (const v1::Use& use : tag.used_by()) {
    const std::string pod = use.pod().name().empty() ? "" : use.pod().namespace_() + "/" + use.pod().name() + " ";
    text += fmt::format("{}{}{} ({})", text.empty() ? "" : ", ", pod, use.container_name(), use.state());
  }
  return text;
}

std::string Explain(const v1::TagReport& tag, std::size_t width, bool wide) {
  std::string text = "\n" + tag.reference() + "\n";
  const std::string cause = Word(v1::Cause_Name(tag.cause()), "CAUSE_");
  text += Wrap("  why   ", (tag.cause() == v1::CAUSE_NONE ? "" : cause + ": ") + tag.detail(), width);
  if (tag.next_pull().outcome() == v1::OUTCOME_FAILS && tag.cause() != v1::CAUSE_PULL_WOULD_FAIL) {
    text += Wrap("  pull  ", "the next pull fails: " + tag.next_pull().detail(), width);
  }
  if (wide) {
    for (const v1::WalkStep& step : tag.next_pull().walk()) {
      text += Wrap(
          "  walk  ",
          fmt::format("{}: {} {}", step.url(), Word(v1::WalkReason_Name(step.why()), "WALK_REASON_"), step.answer()),
          width);
    }
  }
  if (tag.used_by_size() > 0) text += Wrap("  used  ", UsedBy(tag), width);
  for (const v1::Remedy& remedy : tag.remedies()) {
    if (remedy.kind() == v1::REMEDY_KIND_NONE) continue;
    const std::string kind = Word(v1::RemedyKind_Name(remedy.kind()), "REMEDY_KIND_");
    std::string place = remedy.file().empty() ? "" : fmt::format("{}:{}: ", remedy.file(), remedy.line());
    text += Wrap("  fix   ", kind + ": " + place + remedy.detail(), width);
    // A command stays on one line: it is there to be pasted.
    if (!remedy.command().empty()) text += "        $ " + remedy.command() + "\n";
  }
  return text;
}

std::string Rows(const v1::NodeReport& report, const Style& style, bool wide) {
  std::vector<Row> rows = {{"VERDICT", "USED", "CACHED", "ORIGIN", "NEXT PULL"}};
  if (wide) rows[0].insert(rows[0].end(), {"IMAGE ID", "CAUSE", "FROM"});
  rows[0].push_back("REFERENCE");
  for (const v1::TagReport& tag : report.tags()) rows.push_back(TagRow(tag, wide));
  std::vector<std::size_t> widths(rows[0].size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) text += Line(row, widths, style.color);
  return text;
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
  return text.empty() ? text : "\n" + text;
}

}  // namespace

std::string NoteText(const v1::Note& note) {
  if (note.file().empty()) return note.detail();
  const std::string line = note.line() > 0 ? ":" + std::to_string(note.line()) : "";
  return note.file() + line + ": " + note.detail();
}

std::string Table(const v1::NodeReport& report, const Style& style, bool wide) {
  std::string text = report.summary().headline() + "\n";
  if (report.tags_size() > 0) text += "\n" + Rows(report, style, wide);
  for (const v1::TagReport& tag : report.tags()) {
    if (NeedsExplaining(tag)) text += Explain(tag, style.width, wide);
  }
  return text + Findings(report, style.width);
}

}  // namespace tagdrift::render
