#pragma once

#include <grpcpp/support/slice.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tagdrift/v1/report.pb.h"

namespace tagdrift::serve {

/// What comes before the field `number` that is a message of so many bytes.
std::string FieldOf(int number, std::size_t bytes);

/// Without a copy. `held` is given back with it.
grpc::Slice SliceOf(std::string bytes, std::shared_ptr<void> held);

/// A report as it is sent, and as it is kept: the message takes more than twice the memory. Answers share its bytes.
/// Immutable.
class SerialisedReport {
 public:
  /// `room` is given back once neither this nor an answer that was made of it is left; may be null.
  explicit SerialisedReport(v1::NodeReport report, std::shared_ptr<void> room = nullptr);

  std::size_t size() const { return bytes_.size(); }
  int tags_size() const { return static_cast<int>(tags_.size()) - 1; }
  const std::shared_ptr<void>& room() const { return room_; }

  /// A report of the tags from `begin` to before `end`, in two parts. What is not about tags is with the first tag;
  /// elsewhere node and time are there.
  std::vector<grpc::Slice> Part(int begin, int end) const;

  /// All of it, as a message.
  v1::NodeReport Parse() const;
  /// With as much of each tag as `trim` leaves; there is never more than one tag that has all.
  v1::NodeReport Parse(void (*trim)(v1::TagReport& tag)) const;

 private:
  const std::shared_ptr<void> room_;
  grpc::Slice bytes_;              ///< what is not about tags, then each tag
  std::vector<std::size_t> tags_;  ///< where each begins in it, and where the last one ends
  grpc::Slice later_head_;         ///< of parts after the first
};

}  // namespace tagdrift::serve
