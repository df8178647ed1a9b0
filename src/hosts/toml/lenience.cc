#include "hosts/toml/lenience.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tagdrift/text/text.h"

namespace tagdrift::hosts {
namespace {

/// The lines of the text that toml11's message quotes (" 13 | text").
std::vector<std::string_view> Quoted(std::string_view message) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < message.size();) {
    const std::size_t end = std::min(message.find('\n', begin), message.size());
    const std::string_view line = message.substr(begin, end - begin);
    const std::size_t bar = line.find(" |");
    const std::string_view number = text::Trim(line.substr(0, bar));
    const bool quotes = bar != std::string_view::npos && !number.empty() &&
                        std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
    if (quotes) lines.push_back(text::Trim(line.substr(bar + 2)));
    begin = end + 1;
  }
  return lines;
}

bool BeginsNumber(std::string_view text) {
  text = text::Trim(text);
  return !text.empty() && std::string_view("0123456789+-._").find(text[0]) != std::string_view::npos;
}

/// Whether a value on the line, also one in a list, looks like a number or a date.
bool HasNumber(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool before_value = line[i] == '=' || line[i] == '[' || line[i] == ',';
    if (before_value && BeginsNumber(line.substr(i + 1))) return true;
  }
  return BeginsNumber(line);
}

/// go-toml 1 compares headers as they are spelt: `[ a . b ]` after `[a.b]` is fine, and so is `[a]` after `a.b = 1`. A
/// table in braces is closed there too.
bool PassesAsAnotherTable(const std::vector<std::string_view>& lines) {
  if (lines.empty() || !lines.back().starts_with('[')) return false;
  if (!lines.front().starts_with('[')) return lines.front().find('{') == std::string_view::npos;
  return lines.front() != lines.back();
}

/// go-toml 2 knows `\e` and, in later releases, `\x`; go-toml 1 takes any escape in a table's key.
bool HasLenientEscape(std::string_view line, TomlDialect dialect) {
  if (dialect == TomlDialect::kGoToml1) return line.starts_with('[') && line.find('\\') != std::string_view::npos;
  return line.find("\\e") != std::string_view::npos || line.find("\\x") != std::string_view::npos;
}

bool IsPlain(std::string_view line) {
  return std::ranges::all_of(line, [](char c) { return (c >= ' ' && c < 0x7f) || c == '\t'; });
}

}  // namespace

bool MayBeReadByGo(std::string_view message, TomlDialect dialect) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  const std::vector<std::string_view> lines = Quoted(message);
  const std::string_view line = lines.empty() ? "" : lines.back();
  const bool old = dialect == TomlDialect::kGoToml1;
  const bool escapes = HasLenientEscape(line, dialect);

  if (says("already exists")) return old && PassesAsAnotherTable(lines);
  if (says("newline required") || says("missing curly brace") || says("codepoint")) return old;
  if (says("not a valid") && says("string")) return escapes || (old && !IsPlain(line));
  if (says("invalid key") || says("for key")) return escapes || (old && !IsPlain(line));
  const bool number = says("bad ") || says("RFC3339") || says("invalid line format") || says("invalid format");
  return number && (HasNumber(line) || escapes);
}

}  // namespace tagdrift::hosts
