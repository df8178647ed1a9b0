#pragma once

#include <cstddef>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace tagdrift::cli {

/// "asked 120 of 300 tags" on standard error while a round takes longer than a second; silent where it is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool enabled) : enabled_(enabled) {}
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(std::size_t done, std::size_t total);

 private:
  bool enabled_;
  bool shown_ = false;
  absl::Time started_ = absl::Now();
  absl::Time last_ = absl::InfinitePast();
};

}  // namespace tagdrift::cli
