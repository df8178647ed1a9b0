#include "columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace tagdrift::render {
namespace {

constexpr std::string_view kGap = "  ";

std::vector<std::size_t> Widths(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  return widths;
}

}  // namespace

std::string Columns(const std::vector<Row>& rows, const std::function<const char*(const std::string&)>& paint) {
  const std::vector<std::size_t> widths = Widths(rows);
  std::string text;
  for (const Row& row : rows) {
    const std::string_view color = paint ? paint(row[0]) : "";
    if (!color.empty()) text += color;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      text += fmt::format("{:<{}}{}", row[i], widths[i], kGap);
      if (i == 0 && !color.empty()) text += "\033[0m";
    }
    text += row.back() + "\n";
  }
  return text;
}

std::size_t WidthOf(const std::vector<Row>& rows) {
  std::size_t width = 0;
  for (const std::size_t column : Widths(rows)) width += column + (width == 0 ? 0 : kGap.size());
  return width;
}

}  // namespace tagdrift::render
