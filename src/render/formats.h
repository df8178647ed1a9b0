#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tagdrift/render/render.h"

namespace tagdrift::render {

std::string Json(const v1::NodeReport& report);
std::string Table(const v1::NodeReport& report, const Style& style, bool wide);

/// `text` behind `label`, wrapped at `width` with the lines after the first indented to the label's end. Words are
/// never cut.
std::string Wrap(std::string_view label, std::string_view text, std::size_t width);

}  // namespace tagdrift::render
