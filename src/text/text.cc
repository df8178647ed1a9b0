#include "tagdrift/text/text.h"

namespace tagdrift::text {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

}  // namespace

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

}  // namespace tagdrift::text
