#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

struct TicketedRequest {
  std::uint64_t ticket = 0;
  Request request;

  /// Its reply may bring a body.
  bool IsForContent() const { return request.question == Question::kManifest || request.question == Question::kBlob; }
};

/// Which requests of one batch may begin. Those that wait as they came take a tenth of the memory of those that have
/// begun, and bodies that nobody has received yet are bounded:
/// - for each host 300 may have begun and not been received, somewhat more than a worker has under way at once;
/// - requests for content begin while less than 32 MiB of content is there or expected; what is under way is expected
/// to
///   bring a mebibyte.
class AdmissionQueue {
 public:
  void Push(TicketedRequest request);
  /// The next that may begin.
  std::optional<TicketedRequest> Next();
  bool HasNext() const { return !ready_.empty() || (!content_.empty() && HasRoom()); }

  /// A request for content has its reply, with a body of `bytes`.
  void ContentArrived(std::size_t bytes);
  /// That reply was received.
  void ContentTaken(std::size_t bytes);
  /// The reply to any other request to `host` was received.
  void Taken(const hosts::RegistryHost* host);

  std::size_t hosts() const { return hosts_.size(); }

 private:
  struct HostQueue {
    std::size_t begun = 0;  ///< and not received
    std::deque<TicketedRequest> waiting;
  };

  bool HasRoom() const;

  std::map<const hosts::RegistryHost*, HostQueue> hosts_;
  std::deque<TicketedRequest> ready_;    ///< counted as begun
  std::deque<TicketedRequest> content_;  ///< wait for room
  std::size_t content_bytes_ = 0;        ///< there or expected
};

}  // namespace tagdrift::registry
