#include "binary.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>

namespace tagdrift::cli {

Outcome RunBinary(const std::string& arguments, const std::string& directory) {
  FILE* pipe = popen(("cd '" + directory + "' && " TAGDRIFT_BINARY " " + arguments).c_str(), "r");
  Outcome outcome{};
  std::array<char, 4096> buffer;
  while (const std::size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) outcome.text.append(buffer.data(), got);
  outcome.exit_code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

}  // namespace tagdrift::cli
