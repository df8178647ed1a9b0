#pragma once

#include <cstddef>

namespace tagdrift::soak {

/// What this process takes at one moment.
struct Resources {
  std::size_t resident_kib = 0;
  std::size_t heap_kib = 0;  ///< handed out by malloc; 0 where another allocator is in use
  std::size_t threads = 0;
  std::size_t descriptors = 0;
};

Resources Measure();

}  // namespace tagdrift::soak
