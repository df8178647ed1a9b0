#pragma once

#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>

namespace tagdrift::render {

/// Of the expected screens.
constexpr std::size_t kColumns = 80;

inline std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace tagdrift::render
