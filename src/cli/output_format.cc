#include "output_format.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace tagdrift::cli {

void AddOutputOption(CLI::App& command, std::string& format) {
  command.add_option("-o,--output", format, "table, wide, json or name")
      ->check(CLI::IsMember({"table", "wide", "json", "name"}))
      ->type_name("FORMAT");
}

render::Format FormatNamed(const std::string& word) {
  if (word == "wide") return render::Format::kWide;
  if (word == "json") return render::Format::kJson;
  if (word == "name") return render::Format::kName;
  return render::Format::kTable;
}

render::Style StyleOfTerminal() {
  render::Style style;
  style.color = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) style.width = size.ws_col;
  return style;
}

}  // namespace tagdrift::cli
