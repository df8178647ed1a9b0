#include "formats.h"
#include "tagdrift/text/printable.h"

namespace tagdrift::render {

std::string Wrap(std::string_view label, std::string_view raw, std::size_t width) {
  const std::string printable = text::Printable(raw);
  std::string_view text = printable;
  std::string out(label);
  const std::string indent(label.size(), ' ');
  std::size_t column = label.size();
  bool first_word = true;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!first_word && column + 1 + word.size() > width) {
      out += "\n" + indent;
      column = indent.size();
      first_word = true;
    }
    if (!first_word) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    first_word = false;
  }
  return out + "\n";
}

}  // namespace tagdrift::render
