#include "progress.h"

#include <fmt/format.h>

#include "output.h"

namespace tagdrift::cli {

void ProgressLine::Show(std::size_t done, std::size_t total) {
  const absl::Time now = absl::Now();
  if (!enabled_ || now - started_ < absl::Seconds(1) || now - last_ < absl::Milliseconds(200)) return;
  last_ = now;
  shown_ = true;
  (void)WriteError(fmt::format("\rchecked {} of {} tags ", done, total));
}

ProgressLine::~ProgressLine() {
  if (!shown_) return;
  (void)WriteError("\r\033[K");
}

}  // namespace tagdrift::cli
