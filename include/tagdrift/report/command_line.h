#pragma once

#include <string>
#include <vector>

namespace tagdrift::report {

/// The command by which a POSIX shell passes on exactly these arguments. Everything that is printed to be pasted is
/// made here. Empty where an argument holds anything but printable ASCII: what cannot be seen is not to be pasted.
std::string CommandLine(const std::vector<std::string>& arguments);

/// How tagdrift was called, as far as the commands that it prints have to say it again.
struct Invocation {
  std::string program = "tagdrift";
  /// With their values, each an argument of its own: where the node, its configuration and credentials are, which
  /// origins were named.
  std::vector<std::string> options = {};

  /// "tagdrift COMMAND OPTION… ARGUMENT…", as CommandLine makes it.
  std::string Command(const std::string& command, const std::vector<std::string>& arguments) const;
};

}  // namespace tagdrift::report
