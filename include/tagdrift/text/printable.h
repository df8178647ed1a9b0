#pragma once

#include <string>
#include <string_view>

namespace tagdrift::text {

/// `text` as valid UTF-8 in one line that can neither steer a terminal nor look like something else. Control characters
/// (C0, DEL, C1), characters that turn, hide or break text (bidirectional controls, zero-width and other format
/// characters, line and paragraph separators) and bytes that are not UTF-8 stand as visible escapes: `\n`, `\x1b`,
/// `\xff`, `\u009b`, `\u202e`. All else is as it is, backslashes too: text that is printable stays the same.
std::string Printable(std::string_view text);

/// True where Printable changes nothing.
bool IsPrintable(std::string_view text);

}  // namespace tagdrift::text
