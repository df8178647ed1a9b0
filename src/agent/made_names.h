#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "work.h"

namespace tagdrift::agent {

/// The names that a pull makes beside the tag, and which of them were there before: so that a failed action can take
/// back what it made and nothing else.
class MadeNames {
 public:
  static absl::StatusOr<MadeNames> Before(const Work& work);

  /// Removes what was not there before, unless another name, the tag itself included, came to the same content
  /// meanwhile; an image id's name only when nothing else points to that content. Names removed and names left behind
  /// are added to the outcome.
  void TakeBack(const Work& work, report::ActionOutcome& outcome) const;

 private:
  explicit MadeNames(std::set<std::string> before) : before_(std::move(before)) {}

  std::set<std::string> before_;
};

}  // namespace tagdrift::agent
