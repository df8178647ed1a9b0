#include "hosts/go/go_text.h"

#include <array>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"

namespace tagdrift::hosts {
namespace {

constexpr std::uint64_t kLargest = std::uint64_t{1} << 63;

std::string Escape(unsigned char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (byte) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return std::string("\\x") + kHex[byte >> 4] + kHex[byte & 15];
  }
}

/// Nanoseconds of the unit at the front of `text`, which is removed; 0 for an unknown unit.
std::uint64_t TakeUnit(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] != '.' && (text[length] < '0' || text[length] > '9')) ++length;
  const std::string_view unit = text.substr(0, length);
  text.remove_prefix(length);
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 8> kUnits{{{"ns", 1},
                                                                              {"us", 1000},
                                                                              {"µs", 1000},
                                                                              {"μs", 1000},
                                                                              {"ms", 1'000'000},
                                                                              {"s", 1'000'000'000},
                                                                              {"m", 60'000'000'000},
                                                                              {"h", 3'600'000'000'000}}};
  for (const auto& [name, nanoseconds] : kUnits) {
    if (unit == name) return nanoseconds;
  }
  return 0;
}

struct Digits {
  std::uint64_t value = 0;
  std::size_t count = 0;
  bool overflow = false;
};

Digits TakeDigits(std::string_view& text) {
  Digits digits;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    if (digits.value > kLargest / 10) digits.overflow = true;
    digits.value = digits.value * 10 + static_cast<std::uint64_t>(text[0] - '0');
    if (digits.value > kLargest) digits.overflow = true;
    ++digits.count;
    text.remove_prefix(1);
  }
  return digits;
}

}  // namespace

std::string GoQuoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f || c == '"' || c == '\\') {
      quoted += Escape(byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

absl::StatusOr<absl::Duration> ParseGoDuration(std::string_view text) {
  const absl::Status invalid = absl::InvalidArgumentError("time: invalid duration " + GoQuoted(text));
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return absl::ZeroDuration();
  if (rest.empty()) return invalid;

  std::uint64_t total = 0;
  while (!rest.empty()) {
    const Digits whole = TakeDigits(rest);
    if (whole.overflow) return invalid;
    std::string_view fraction;
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      const std::string_view begin = rest;
      TakeDigits(rest);
      fraction = begin.substr(0, begin.size() - rest.size());
    }
    if (whole.count == 0 && fraction.empty()) return invalid;
    const std::string_view before_unit = rest;
    const std::uint64_t unit = TakeUnit(rest);
    const std::string_view name = before_unit.substr(0, before_unit.size() - rest.size());
    if (name.empty()) return absl::InvalidArgumentError("time: missing unit in duration " + GoQuoted(text));
    if (unit == 0) {
      return absl::InvalidArgumentError("time: unknown unit " + GoQuoted(name) + " in duration " + GoQuoted(text));
    }
    if (whole.value > kLargest / unit) return invalid;
    total += whole.value * unit;
    double part = 0;
    for (auto digit = fraction.rbegin(); digit != fraction.rend(); ++digit) part = (part + (*digit - '0')) / 10;
    total += static_cast<std::uint64_t>(part * static_cast<double>(unit) + 1e-6);
    if (total > kLargest) return invalid;
  }
  if (!negative && total > kLargest - 1) return invalid;
  const absl::Duration duration = absl::Nanoseconds(static_cast<std::int64_t>(negative ? 0 - total : total));
  return duration;
}

}  // namespace tagdrift::hosts
