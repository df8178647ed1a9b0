#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "execution.h"

namespace tagdrift::agent {

/// The names that a pull creates beside the tag, and which of them were there before: so that a failed action can take
/// back what it created and nothing else.
class CreatedNames {
 public:
  static absl::StatusOr<CreatedNames> Before(const Execution& execution);

  /// Removes what was not there before, unless another name, the tag itself included, came to the same content
  /// meanwhile; an image id's name only when nothing else points to that content. Names removed and names left behind
  /// are added to the outcome.
  void TakeBack(const Execution& execution, report::ActionOutcome& outcome) const;

 private:
  explicit CreatedNames(std::set<std::string> before) : before_(std::move(before)) {}

  std::set<std::string> before_;
};

}  // namespace tagdrift::agent
