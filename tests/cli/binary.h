#pragma once

#include <string>

namespace tagdrift::cli {

struct Outcome {
  int exit_code;
  std::string text;
};

/// Runs the program through the shell and takes its standard output; `arguments` may redirect.
Outcome RunBinary(const std::string& arguments, const std::string& directory = ".");

}  // namespace tagdrift::cli
