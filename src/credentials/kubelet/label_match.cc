#include "credentials/kubelet/image_pattern.h"

namespace tagdrift::credentials {
namespace {

/// One character of a class, which may be written `\x`. Nothing: the class does not end.
std::optional<char> ClassCharacter(std::string_view& pattern) {
  if (pattern.empty() || pattern[0] == '-' || pattern[0] == ']') return std::nullopt;
  if (pattern[0] == '\\') {
    pattern.remove_prefix(1);
    if (pattern.empty()) return std::nullopt;
  }
  const char c = pattern[0];
  pattern.remove_prefix(1);
  if (pattern.empty()) return std::nullopt;
  return c;
}

/// Removes a class, whose '[' has been removed already, from the pattern. Nothing: it is malformed.
std::optional<bool> InClass(std::string_view& pattern, char c) {
  const bool negated = pattern.starts_with('^');
  if (negated) pattern.remove_prefix(1);
  bool found = false;
  for (bool first = true; first || !pattern.starts_with(']'); first = false) {
    const std::optional<char> low = ClassCharacter(pattern);
    if (!low) return std::nullopt;
    std::optional<char> high = low;
    if (pattern.starts_with('-')) {
      pattern.remove_prefix(1);
      high = ClassCharacter(pattern);
      if (!high) return std::nullopt;
    }
    found = found || (*low <= c && c <= *high);
  }
  pattern.remove_prefix(1);
  return found != negated;
}

/// Removes what matches one character from the pattern. False: it does not match `c`, or is malformed.
bool TakeOne(std::string_view& pattern, char c) {
  const char what = pattern[0];
  pattern.remove_prefix(1);
  if (what == '?') return true;
  if (what == '[') return InClass(pattern, c).value_or(false);
  if (what != '\\') return what == c;
  if (pattern.empty()) return false;
  const char escaped = pattern[0];
  pattern.remove_prefix(1);
  return escaped == c;
}

}  // namespace

bool LabelMatches(std::string_view pattern, std::string_view label) {
  std::string_view after_star;
  std::string_view star_label;
  bool has_star = false;
  while (!label.empty() || !pattern.empty()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      after_star = pattern;
      star_label = label;
      has_star = true;
      continue;
    }
    if (!label.empty() && !pattern.empty() && TakeOne(pattern, label[0])) {
      label.remove_prefix(1);
      continue;
    }
    // The last star matches one character more.
    if (!has_star || star_label.empty()) return false;
    star_label.remove_prefix(1);
    pattern = after_star;
    label = star_label;
  }
  return true;
}

}  // namespace tagdrift::credentials
