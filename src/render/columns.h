#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

/// Tables of text.
namespace tagdrift::render {

using Row = std::vector<std::string>;

/// Rows with as many cells each, the titles first, in columns two spaces apart. `paint` gives the colour of a row by
/// its first cell: an escape sequence, or nothing.
std::string Columns(const std::vector<Row>& rows, const std::function<const char*(const std::string&)>& paint = {});

/// The columns that the longest of these rows takes.
std::size_t WidthOf(const std::vector<Row>& rows);

}  // namespace tagdrift::render
