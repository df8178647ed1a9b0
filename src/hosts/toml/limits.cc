#include "hosts/toml/limits.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace tagdrift::hosts {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxLine = std::size_t{16} << 10;
constexpr std::size_t kMaxDepth = 100;
constexpr std::size_t kMaxValues = 20'000;

/// Walks over a text and sees only what stands outside strings and comments. Works on any bytes: a string that is not
/// closed ends with its line.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<TomlRefusal> Run() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        SkipString(c);
      } else if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size()) - 1;
      } else {
        Take(c);
      }
      if (open_.size() > kMaxDepth) return Refuse("brackets are nested deeper than 100");
      if (parts_ > kMaxDepth) return Refuse("a key has more than 100 parts");
      if (depth_ > kMaxDepth) return Refuse("brackets and dotted keys are together nested deeper than 100");
      if (values_ > kMaxValues) return Refuse("the file has more than 20,000 keys and values");
    }
    return std::nullopt;
  }

 private:
  TomlRefusal Refuse(std::string reason) const {
    const std::string_view before = text_.substr(0, std::min(at_, text_.size()));
    return {std::move(reason), 1 + static_cast<int>(std::ranges::count(before, '\n')), true};
  }

  void Take(char c) {
    switch (c) {
      case '[':
      case '{':
        open_.push_back(parts_);
        parts_ = 0;
        ++depth_;
        ++values_;
        break;
      case ']':
      case '}':
        EndKey();
        if (open_.empty()) break;
        parts_ = open_.back();
        open_.pop_back();
        --depth_;
        break;
      case '.':
        ++parts_;
        ++depth_;
        break;
      case ',':
      case '\n':
        EndKey();
        break;
      default:
        break;
    }
    if (c == ',' || c == '=') ++values_;
  }

  void EndKey() {
    depth_ -= parts_;
    parts_ = 0;
  }

  /// Leaves `at_` on the last byte of the string that begins there.
  void SkipString(char quote) {
    const std::string fence(3, quote);
    const bool multi_line = text_.substr(at_).starts_with(fence);
    at_ += multi_line ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        ++at_;
      } else if (multi_line && text_.substr(at_).starts_with(fence)) {
        at_ += 2;
        // One or two quotes before the closing three belong to the string.
        for (int more = 0; more < 2 && at_ + 1 < text_.size() && text_[at_ + 1] == quote; ++more) ++at_;
        return;
      } else if (!multi_line && (c == quote || c == '\n')) {
        return;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::size_t> open_;  ///< per bracket that is open, the parts of the key before it
  std::size_t parts_ = 0;          ///< dots of the key or value at hand
  std::size_t depth_ = 0;          ///< open brackets, and the dots of all keys that lead here
  std::size_t values_ = 0;
};

std::optional<TomlRefusal> LongLine(std::string_view text) {
  int line = 1;
  for (std::size_t begin = 0; begin <= text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > kMaxLine) return TomlRefusal{"the line is longer than 16 KiB", line, true};
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace

std::optional<TomlRefusal> ExceededLimit(std::string_view text) {
  if (text.size() > kMaxBytes) return TomlRefusal{"the file is larger than 1 MiB", 0, true};
  if (std::optional<TomlRefusal> refusal = LongLine(text)) return refusal;
  return Scanner(text).Run();
}

}  // namespace tagdrift::hosts
