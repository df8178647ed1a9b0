#include "progress.h"

#include <fmt/format.h>

#include <cstdio>

namespace tagdrift::cli {

void ProgressLine::Show(std::size_t done, std::size_t total) {
  const absl::Time now = absl::Now();
  if (!enabled_ || now - started_ < absl::Seconds(1) || now - last_ < absl::Milliseconds(200)) return;
  last_ = now;
  shown_ = true;
  fmt::print(stderr, "\rchecked {} of {} tags ", done, total);
  std::fflush(stderr);
}

ProgressLine::~ProgressLine() {
  if (!shown_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
}

}  // namespace tagdrift::cli
