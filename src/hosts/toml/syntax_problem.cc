#include "hosts/toml/syntax_problem.h"

#include <algorithm>

#include "tagdrift/text/text.h"
#include "tagdrift/text/userinfo.h"

namespace tagdrift::hosts {
namespace {

constexpr std::size_t kLongestName = 128;
constexpr std::string_view kEscapes = "btnfruU\"\\";

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// What stands on a line outside quotes and comments.
struct Outline {
  std::string bare;                             ///< each text in quotes is `""`
  bool bad_escape = false;                      ///< a backslash in double quotes that stands for nothing
  bool open_quote = false;                      ///< a quote is not closed
  std::size_t equals = std::string_view::npos;  ///< the first `=` in `bare`
};

Outline OutlineOf(std::string_view line) {
  Outline outline;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
      if (c != '\\' || quote != '"') continue;
      ++i;
      if (i < line.size() && kEscapes.find(line[i]) == std::string_view::npos) outline.bad_escape = true;
    } else if (c == '"' || c == '\'') {
      quote = c;
      outline.bare += "\"\"";
    } else if (c == '#') {
      break;
    } else {
      outline.bare += c;
    }
  }
  outline.bare = text::Trim(outline.bare);
  outline.open_quote = quote != 0;
  outline.equals = outline.bare.find('=');
  return outline;
}

bool MoreOpenThanClosed(std::string_view text, char open, char close) {
  return std::ranges::count(text, open) > std::ranges::count(text, close);
}

/// The table or key that the line is about.
std::string NameOn(std::string_view line) {
  const std::size_t end = line.starts_with('[') ? line.rfind(']') + 1 : line.find('=');
  return text::WithoutUserinfo(text::Trim(line.substr(0, std::min(end, kLongestName))));
}

std::string ProblemOfHeader(const Outline& header) {
  if (MoreOpenThanClosed(header.bare, '[', ']')) return "`]` is missing";
  if (!header.bare.ends_with(']')) return "nothing may follow the table's `]` on its line";
  return "the table's name needs quotes where it is not made of letters, digits, `-` and `_`";
}

std::string ProblemOfValue(std::string_view value) {
  if (value.empty()) return "the value is missing";
  const std::string lower = text::Lower(value);
  if (lower == "true" || lower == "false") return "true and false are written in lower case";
  if (IsLetter(value[0]) || value[0] == '/') return "text needs quotes";
  if (MoreOpenThanClosed(value, '[', ']')) return "`]` is missing";
  if (MoreOpenThanClosed(value, '{', '}')) return "`}` is missing: a table in braces ends on its line";
  if (value.starts_with("\"\"") && value.size() > 2) return "nothing may follow the value on its line";
  return "the value is none that TOML knows";
}

}  // namespace

std::string SyntaxProblem(std::string_view message, std::string_view line) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  line = text::Trim(line);
  if (says("already exists")) return NameOn(line) + " is there twice";
  if (says("array separator") || says("value having invalid format appeared in an array")) {
    return "`,` or `]` is missing, or quotes around a text";
  }
  if (says("did not closed by `]`")) return "`]` is missing";
  if (line.empty()) return "this is no TOML";
  const Outline outline = OutlineOf(line);
  if (outline.bad_escape) return "there is no such escape: a backslash in double quotes is written twice";
  if (outline.open_quote) return "a quote is missing";
  if (outline.bare.starts_with('[')) return ProblemOfHeader(outline);
  if (outline.equals != std::string_view::npos) {
    return outline.equals == 0 ? "the key is missing"
                               : ProblemOfValue(text::Trim(std::string_view(outline.bare).substr(outline.equals + 1)));
  }
  return outline.bare.find(':') == std::string::npos ? "`=` is missing: TOML is written `key = value`"
                                                     : "`:` is no TOML: write `key = value`";
}

}  // namespace tagdrift::hosts
