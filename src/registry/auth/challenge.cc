#include "registry/auth/challenge.h"

#include <algorithm>
#include <optional>

#include "tagdrift/text/text.h"

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxLines = 16;
constexpr std::size_t kMaxLine = 8 * 1024;
constexpr std::size_t kMaxChallenges = 16;
constexpr std::size_t kMaxParameters = 32;

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool IsTokenChar(char c) {
  return IsAlphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool IsToken68Char(char c) { return IsAlphanumeric(c) || std::string_view("-._~+/").find(c) != std::string_view::npos; }
bool IsBlank(char c) { return c == ' ' || c == '\t'; }

/// Reads one header line.
class LineReader {
 public:
  LineReader(std::string_view line, std::vector<Challenge>& out) : line_(line), out_(out) {}

  void Read() {
    while (Element()) {
    }
  }

 private:
  bool AtEnd() const { return at_ == line_.size(); }
  void SkipBlanks() {
    while (!AtEnd() && IsBlank(line_[at_])) ++at_;
  }

  std::string_view Token() {
    const std::size_t start = at_;
    while (!AtEnd() && IsTokenChar(line_[at_])) ++at_;
    return line_.substr(start, at_ - start);
  }

  /// One parameter or one new challenge. False at the end or where the rest makes no sense.
  bool Element() {
    while (!AtEnd() && (IsBlank(line_[at_]) || line_[at_] == ',')) ++at_;
    const std::string_view token = Token();
    if (token.empty()) return false;
    const std::size_t after_token = at_;
    SkipBlanks();
    if (open_ && !AtEnd() && line_[at_] == '=') {
      ++at_;
      return Parameter(token);
    }
    at_ = after_token;
    return Scheme(token);
  }

  bool Scheme(std::string_view token) {
    if (out_.size() == kMaxChallenges) return false;
    if (!AtEnd() && !IsBlank(line_[at_]) && line_[at_] != ',') return false;
    out_.push_back({.scheme = text::Lower(token), .parameters = {}, .token68 = {}});
    open_ = true;
    if (!AtEnd() && IsBlank(line_[at_])) {
      SkipBlanks();
      ReadToken68();
    }
    return true;
  }

  void ReadToken68() {
    std::size_t end = at_;
    while (end < line_.size() && IsToken68Char(line_[end])) ++end;
    if (end == at_) return;
    std::size_t padded = end;
    while (padded < line_.size() && line_[padded] == '=') ++padded;
    std::size_t next = padded;
    while (next < line_.size() && IsBlank(line_[next])) ++next;
    if (next < line_.size() && line_[next] != ',') return;
    // "Negotiate, Basic ..." never gets here with a scheme, and a bare word before a comma is a token68 by the grammar.
    out_.back().token68 = std::string(line_.substr(at_, padded - at_));
    at_ = padded;
    open_ = false;
  }

  bool Parameter(std::string_view name) {
    SkipBlanks();
    const std::optional<std::string> value = (!AtEnd() && line_[at_] == '"') ? Quoted() : Bare();
    if (!value) return false;
    auto& parameters = out_.back().parameters;
    if (parameters.size() == kMaxParameters && !parameters.contains(text::Lower(name))) return false;
    parameters[text::Lower(name)] = *value;
    return true;
  }

  std::optional<std::string> Quoted() {
    std::string value;
    for (++at_; !AtEnd(); ++at_) {
      if (line_[at_] == '"') {
        ++at_;
        return value;
      }
      if (line_[at_] == '\\' && at_ + 1 < line_.size()) ++at_;
      value += line_[at_];
    }
    return std::nullopt;
  }

  /// Lenient: servers send URLs without quotes.
  std::optional<std::string> Bare() {
    const std::size_t start = at_;
    while (!AtEnd() && !IsBlank(line_[at_]) && line_[at_] != ',') ++at_;
    return std::string(line_.substr(start, at_ - start));
  }

  std::string_view line_;
  std::vector<Challenge>& out_;
  std::size_t at_ = 0;
  bool open_ = false;
};

}  // namespace

std::string Challenge::Parameter(std::string_view name) const {
  const auto found = parameters.find(std::string(name));
  return found == parameters.end() ? std::string() : found->second;
}

std::vector<Challenge> ParseChallenges(const std::vector<std::string>& lines) {
  std::vector<Challenge> challenges;
  const std::size_t count = std::min(lines.size(), kMaxLines);
  for (std::size_t i = 0; i < count; ++i) {
    if (lines[i].size() <= kMaxLine) LineReader(lines[i], challenges).Read();
  }
  return challenges;
}

const Challenge* ChooseChallenge(const std::vector<Challenge>& challenges) {
  for (const Challenge& challenge : challenges) {
    if (challenge.scheme == "bearer" && !challenge.Parameter("realm").empty()) return &challenge;
  }
  for (const Challenge& challenge : challenges) {
    if (challenge.scheme == "basic") return &challenge;
  }
  return nullptr;
}

}  // namespace tagdrift::registry
