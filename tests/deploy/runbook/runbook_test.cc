// deploy/runbook.md and the alerts say of each value of the protos what it is and what to do.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tagdrift/hosts/note.h"
#include "tagdrift/report/report.h"
#include "tagdrift/v1/actions.pb.h"
#include "tagdrift/v1/report.pb.h"

namespace tagdrift {
namespace {

using testing::ContainerEq;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Values in the table below the heading, with both texts of each row.
std::map<std::string, std::vector<std::string>> Rows(const std::string& heading) {
  std::map<std::string, std::vector<std::string>> rows;
  std::istringstream lines(ReadFile(TAGDRIFT_DEPLOY "/runbook.md"));
  const std::regex row(R"(\| `([A-Z_]+)` \| (.+) \| (.+) \|)");
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) inside = line == "## " + heading;
    std::smatch cells;
    if (!inside || !std::regex_match(line, cells, row)) {
      EXPECT_FALSE(inside && line.starts_with("| `")) << "no row of three cells: " << line;
      continue;
    }
    EXPECT_TRUE(rows.emplace(cells[1], std::vector<std::string>{cells[2], cells[3]}).second) << "twice: " << cells[1];
  }
  return rows;
}

/// Without prefix, and without the value for "not set".
std::set<std::string> ValuesOf(const google::protobuf::EnumDescriptor& type, const std::string& prefix) {
  std::set<std::string> values;
  for (int i = 0; i < type.value_count(); ++i) {
    EXPECT_TRUE(type.value(i)->name().starts_with(prefix)) << type.value(i)->name();
    if (type.value(i)->number() != 0) values.insert(type.value(i)->name().substr(prefix.size()));
  }
  return values;
}

std::string LowerCase(std::string text) {
  for (char& letter : text) letter = static_cast<char>(tolower(letter));
  return text;
}

/// As reports tell them.
std::set<std::string> NotesOfUnusedMirrors() {
  std::vector<hosts::Note> notes;
  for (int kind = 0; kind <= static_cast<int>(hosts::NoteKind::kProxiesUnknown); ++kind) {
    notes.push_back({.kind = static_cast<hosts::NoteKind>(kind)});
  }
  const v1::MirrorsReport report = report::ToMessage({}, notes);
  std::set<std::string> names;
  for (const v1::Note& note : report.findings()) {
    if (note.severity() < v1::SEVERITY_MIRROR_UNUSED) continue;
    names.insert(v1::NoteKind_Name(note.kind()).substr(std::string("NOTE_KIND_").size()));
  }
  return names;
}

TEST(Runbook, ExplainsEveryValueAndNoOther) {
  struct Table {
    const char* heading;
    const google::protobuf::EnumDescriptor* type;
    const char* prefix;
  };
  const Table tables[] = {
      {"Verdicts", v1::Verdict_descriptor(), "VERDICT_"},
      {"Causes", v1::Cause_descriptor(), "CAUSE_"},
      {"Host states", v1::HostState_descriptor(), "HOST_STATE_"},
      {"Remedies", v1::RemedyKind_descriptor(), "REMEDY_KIND_"},
      {"Notes", v1::NoteKind_descriptor(), "NOTE_KIND_"},
      {"Refusals", v1::RefusalKind_descriptor(), "REFUSAL_KIND_"},
  };
  for (const auto& [heading, type, prefix] : tables) {
    std::set<std::string> explained;
    for (const auto& [value, texts] : Rows(heading)) explained.insert(value);
    EXPECT_THAT(explained, ContainerEq(ValuesOf(*type, prefix))) << heading;
  }
}

TEST(Runbook, MarksTheNotesOfUnusedMirrors) {
  std::set<std::string> marked;
  for (const auto& [value, texts] : Rows("Notes")) {
    if (texts[0].starts_with("✗ ")) marked.insert(value);
  }
  EXPECT_THAT(marked, ContainerEq(NotesOfUnusedMirrors()));
}

TEST(Alerts, FireForTheNotesOfUnusedMirrors) {
  const std::string alerts =
      std::regex_replace(ReadFile(TAGDRIFT_DEPLOY "/tagdrift/files/alerts.yaml"), std::regex(R"(\\\n\s*)"), "");
  std::smatch kinds;
  ASSERT_TRUE(std::regex_search(alerts, kinds, std::regex(R"(tagdrift_registry_findings\{kind=~\\"([^"]+)\\")")));
  std::set<std::string> named;
  std::istringstream list(kinds[1].str());
  for (std::string kind; std::getline(list, kind, '|');) named.insert(kind);
  std::set<std::string> expected;
  for (const std::string& note : NotesOfUnusedMirrors()) expected.insert(LowerCase(note));
  EXPECT_THAT(named, ContainerEq(expected));
}

}  // namespace
}  // namespace tagdrift
