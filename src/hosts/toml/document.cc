#include "hosts/toml/document.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <optional>
#include <sstream>
#include <toml.hpp>

#include "hosts/go/utf8.h"
#include "hosts/toml/lenience.h"
#include "hosts/toml/limits.h"
#include "hosts/toml/syntax_problem.h"
#include "tagdrift/text/userinfo.h"

namespace tagdrift::hosts {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Line numbers by offset, counted once: asking toml11 for each value's line would read the text anew each time.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') breaks_.push_back(i);
    }
  }
  int At(std::size_t offset) const {
    return 1 + static_cast<int>(std::ranges::lower_bound(breaks_, offset) - breaks_.begin());
  }

 private:
  std::vector<std::size_t> breaks_;
};

/// Copies toml11's tree, which has neither order nor the list of headers.
class Copier {
 public:
  Copier(const Lines& lines, TomlDocument& document) : lines_(lines), document_(document) {}

  /// What go-toml 1 reads otherwise, or not at all.
  const std::optional<TomlRefusal>& unlike_go_toml_1() const { return unlike_go_toml_1_; }

  TomlValue Value(const toml::value& from) {
    TomlValue value;
    value.offset = Offset(from);
    switch (from.type()) {
      case toml::value_t::string:
        value.kind = TomlValue::Kind::kString;
        value.text = from.as_string().str;
        if (EndsWith(from, "\"\"\"\"") || EndsWith(from, "''''"))
          Doubt("a string ends with more than three quotes", value);
        break;
      case toml::value_t::integer:
        value.kind = TomlValue::Kind::kInteger;
        value.integer = from.as_integer();
        if (Overflows(from)) unlike_go_toml_1_ = {"a number is out of range", lines_.At(value.offset), false, false};
        break;
      case toml::value_t::floating:
        value.kind = TomlValue::Kind::kFloat;
        break;
      case toml::value_t::boolean:
        value.kind = TomlValue::Kind::kBoolean;
        value.boolean = from.as_boolean();
        break;
      case toml::value_t::local_date:
        Doubt("a date without a time is read by some builds only", value);
        [[fallthrough]];
      case toml::value_t::offset_datetime:
      case toml::value_t::local_datetime:
      case toml::value_t::local_time:
      case toml::value_t::empty:
        value.kind = TomlValue::Kind::kTime;
        break;
      case toml::value_t::array:
        Array(from, value);
        break;
      case toml::value_t::table:
        Table(from, value);
        break;
    }
    value.line = lines_.At(value.offset);
    return value;
  }

 private:
  static const toml::detail::region* RegionOf(const toml::value& value) {
    return dynamic_cast<const toml::detail::region*>(toml::detail::get_region(value));
  }
  static std::size_t Offset(const toml::value& value) {
    const toml::detail::region* region = RegionOf(value);
    return region == nullptr ? 0 : static_cast<std::size_t>(region->first() - region->begin());
  }
  static bool BeginsWith(const toml::value& value, std::string_view mark) {
    const toml::detail::region* region = RegionOf(value);
    return region != nullptr && region->size() >= mark.size() && std::equal(mark.begin(), mark.end(), region->first());
  }

  static bool EndsWith(const toml::value& value, std::string_view mark) {
    const toml::detail::region* region = RegionOf(value);
    return region != nullptr && region->size() >= mark.size() &&
           std::equal(mark.rbegin(), mark.rend(), std::make_reverse_iterator(region->last()));
  }
  /// toml11 accepts a number that does not fit without an error.
  static bool Overflows(const toml::value& value) {
    const toml::detail::region* region = RegionOf(value);
    if (region == nullptr || region->size() < 18) return false;
    std::string digits = region->str();
    std::erase(digits, '_');
    int base = 10;
    if (digits.starts_with("0x")) base = 16;
    if (digits.starts_with("0o")) base = 8;
    if (digits.starts_with("0b")) base = 2;
    errno = 0;
    std::strtoll(digits.c_str() + (base == 10 ? 0 : 2), nullptr, base);
    return errno == ERANGE;
  }
  void Doubt(std::string reason, const TomlValue& value) {
    if (!unlike_go_toml_1_) unlike_go_toml_1_ = {std::move(reason), lines_.At(value.offset), false, true};
  }

  void Array(const toml::value& from, TomlValue& value) {
    value.kind = TomlValue::Kind::kArray;
    value.array_of_tables = BeginsWith(from, "[[");
    for (const toml::value& item : from.as_array()) value.items.push_back(Value(item));
  }

  void Table(const toml::value& from, TomlValue& value) {
    value.kind = TomlValue::Kind::kTable;
    value.inline_table = BeginsWith(from, "{");
    const bool header = BeginsWith(from, "[") && !BeginsWith(from, "[[");
    if (header && !path_.empty()) document_.headers.push_back({path_, value.offset, lines_.At(value.offset)});
    if (header && RegionOf(from)->str().find('\\') != std::string::npos) Doubt("a table's key has an escape", value);
    for (const auto& [key, member] : from.as_table()) {
      path_.push_back(key);
      value.members.push_back({key, Value(member)});
      path_.pop_back();
    }
    const auto offset = [](const TomlMember& member) { return member.value.offset; };
    std::ranges::stable_sort(value.members, {}, offset);
    // A table opened after one of its own subtables first appears with the latter.
    if (header && !path_.empty() && !value.members.empty()) {
      value.offset = std::min(value.offset, value.members.front().value.offset);
    }
  }

  const Lines& lines_;
  TomlDocument& document_;
  std::vector<std::string> path_;
  std::optional<TomlRefusal> unlike_go_toml_1_;
};

/// The last line that toml11's message quotes (" 13 | text"), 0 when it quotes none. Where there are two, the second is
/// at fault.
int QuotedLine(std::string_view message) {
  int last = 0;
  for (std::size_t at = message.find('\n'); at != std::string_view::npos; at = message.find('\n', at + 1)) {
    std::size_t i = at + 1;
    while (i < message.size() && message[i] == ' ') ++i;
    int line = 0;
    for (; i < message.size() && message[i] >= '0' && message[i] <= '9' && line < 10'000'000; ++i) {
      line = line * 10 + (message[i] - '0');
    }
    if (line > 0 && message.substr(i).starts_with(" |")) last = line;
  }
  return last;
}

std::string_view LineOf(std::string_view text, int line) {
  for (; line > 1 && !text.empty(); --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return line < 1 ? "" : text.substr(0, text.find('\n'));
}

TomlRefusal Refused(std::string_view message, std::string_view text, TomlDialect dialect) {
  const int line = QuotedLine(message);
  return {SyntaxProblem(message, LineOf(text, line)), line, false, MayBeReadByGo(message, dialect)};
}

/// go-toml 1 ends a header at its first `]`, quoted or not.
std::optional<TomlRefusal> RefusedHeader(const TomlDocument& document) {
  for (const TomlHeader& header : document.headers) {
    for (const std::string& key : header.keys) {
      if (key.find_first_of("[]") != std::string::npos) {
        return TomlRefusal{"a table key cannot contain a bracket in containerd 1.x: " + text::WithoutUserinfo(key),
                           header.line, false};
      }
    }
  }
  return std::nullopt;
}

std::variant<TomlDocument, TomlRefusal> ParseValid(const std::string& text, TomlDialect dialect) {
  try {
    std::istringstream stream{text};
    const toml::value root = toml::parse(stream, "");
    TomlDocument document;
    const Lines lines(text);
    Copier copier(lines, document);
    document.root = copier.Value(root);
    std::ranges::sort(document.headers, {}, &TomlHeader::offset);
    if (dialect == TomlDialect::kGoToml1) {
      if (std::optional<TomlRefusal> refusal = RefusedHeader(document)) return *refusal;
      if (copier.unlike_go_toml_1()) return *copier.unlike_go_toml_1();
    }
    return document;
  } catch (const std::exception& error) {
    return Refused(error.what(), text, dialect);
  }
}

}  // namespace

const TomlValue* TomlValue::Find(std::string_view key) const {
  const auto found = std::ranges::find(members, key, &TomlMember::key);
  return found == members.end() ? nullptr : &found->value;
}

std::variant<TomlDocument, TomlRefusal> ParseToml(std::string_view text, TomlDialect dialect) {
  if (std::optional<TomlRefusal> refusal = ExceededLimit(text)) return *refusal;
  if (dialect == TomlDialect::kGoToml2) {
    if (text.starts_with(kByteOrderMark)) {
      return TomlRefusal{"the file begins with a byte order mark, which containerd 2.x does not accept", 1};
    }
    if (const std::optional<std::size_t> bad = InvalidUtf8At(text)) {
      return TomlRefusal{"the text is not valid UTF-8", Lines(text).At(*bad)};
    }
  }
  // toml11 must not see invalid UTF-8: it reads past its buffer when it words the error.
  return ParseValid(WithValidUtf8(text), dialect);
}

}  // namespace tagdrift::hosts
