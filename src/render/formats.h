#pragma once

#include <google/protobuf/message.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "tagdrift/render/render.h"

namespace tagdrift::render {

std::string Json(const google::protobuf::Message& report);
/// The same in one line.
std::string JsonLine(const google::protobuf::Message& message);
std::string MirrorsTable(const v1::MirrorsReport& report, std::size_t width, bool wide);
std::string Table(const v1::NodeReport& report, const Style& style, bool wide);

/// "FILE:LINE: what was found".
std::string NoteText(const v1::Note& note);

/// `text` behind `label`, wrapped at `width` with the lines after the first indented to the label's end. Words are
/// never cut.
std::string Wrap(std::string_view label, std::string_view text, std::size_t width);

}  // namespace tagdrift::render
