#include "tagdrift/report/command_line.h"

#include <algorithm>
#include <string_view>

namespace tagdrift::report {
namespace {

bool IsPrintable(char c) { return c >= 0x20 && c < 0x7f; }

bool IsPlain(char c) {
  constexpr std::string_view kPunctuation = "@%+=:,./_-";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kPunctuation.find(c) != std::string_view::npos;
}

std::string Quoted(const std::string& argument) {
  if (!argument.empty() && std::ranges::all_of(argument, IsPlain)) return argument;
  std::string quoted = "'";
  for (const char c : argument) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string CommandLine(const std::vector<std::string>& arguments) {
  std::string line;
  for (const std::string& argument : arguments) {
    if (!std::ranges::all_of(argument, IsPrintable)) return "";
    if (!line.empty()) line += ' ';
    line += Quoted(argument);
  }
  return line;
}

std::string Invocation::Command(const std::string& command, const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = {program, command};
  all.insert(all.end(), options.begin(), options.end());
  all.insert(all.end(), arguments.begin(), arguments.end());
  return CommandLine(all);
}

}  // namespace tagdrift::report
