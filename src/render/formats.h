#pragma once

#include <google/protobuf/message.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tagdrift/render/render.h"
#include "trouble.h"

namespace tagdrift::render {

std::string Json(const google::protobuf::Message& report);
/// The same in one line.
std::string JsonLine(const google::protobuf::Message& message);
std::string ImagesTable(const v1::ImageList& list, std::size_t width, bool wide);
std::string MirrorsTable(const v1::MirrorsReport& report, std::size_t width, bool wide);
std::string Table(const v1::NodeReport& report, const Style& style, bool wide);

/// What is wrong with these tags, which have it in common (see Troubles), and what to do.
std::string Paragraph(const Tags& tags, std::size_t width, bool wide);

/// The colour of a row by its verdict: an escape sequence, or nothing.
const char* ColorOf(const std::string& verdict);

/// One remedy with its place, and the commands to paste.
std::string FixText(const v1::Remedy& remedy, const std::string& detail, const std::vector<std::string>& commands,
                    std::size_t width);

/// A line per host that refuses, fails or never answers, other than the tags' origins: those are causes.
std::string UnwellHostsText(const Tags& tags, std::size_t width);

/// A line per reason for which nobody knows the next pull of tags that are otherwise as they should be.
std::string UnknownPullsText(const Tags& tags, std::size_t width);

/// "FILE:LINE: what was found".
std::string NoteText(const v1::Note& note);

/// `text` behind `label`, wrapped at `width` with the lines after the first indented to the label's end. Words are
/// never cut.
std::string Wrap(std::string_view label, std::string_view text, std::size_t width);

}  // namespace tagdrift::render
