#include "formats.h"

namespace tagdrift::render {

namespace {

/// Text from registries and files must not steer the terminal.
std::string Printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return out;
}

}  // namespace

std::string Wrap(std::string_view label, std::string_view raw, std::size_t width) {
  const std::string printable = Printable(raw);
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
