#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

struct TicketedRequest {
  std::uint64_t ticket = 0;
  Request request;

  /// Its reply may bring a body.
  bool IsForContent() const { return request.question == Question::kManifest || request.question == Question::kBlob; }
};

/// Which requests of one batch may begin: for each host 300, somewhat more than a worker has under way at once. Of
/// those for content 16 may have begun and not been received, as long as there is room for what has come and for as
/// much as the largest so far for each that is under way. Those that wait as they came take a tenth of the memory of
/// those that have begun. A host that does not answer, or sends much, holds up no other.
class AdmissionQueue {
 public:
  /// `content_room`: bytes of content for each host.
  explicit AdmissionQueue(std::size_t content_room) : content_room_(content_room) {}

  void Push(TicketedRequest request);
  /// The next that may begin; content after all else.
  std::optional<TicketedRequest> Next();
  bool HasNext() const { return !ready_.empty() || !ready_content_.empty(); }

  /// A request for content to `host` has its reply, with a body of `bytes`.
  void ContentArrived(const hosts::RegistryHost* host, std::size_t bytes);
  /// The reply to a request to `host` was received; `bytes` as for ContentArrived.
  void Taken(const hosts::RegistryHost* host, bool for_content, std::size_t bytes);

  std::size_t hosts() const { return hosts_.size(); }

 private:
  struct HostQueue {
    std::size_t begun = 0;  ///< and not received
    std::deque<TicketedRequest> waiting;
    // Of content.
    std::size_t arrived = 0;                  ///< of the begun
    std::size_t bytes = 0;                    ///< of the arrived
    std::optional<std::size_t> largest = {};  ///< so far
  };
  using Key = std::pair<const hosts::RegistryHost*, bool>;  ///< what asks for content apart

  bool MayBegin(const HostQueue& host, bool for_content) const;
  void BeginWaiting(HostQueue& host, bool for_content);

  std::size_t content_room_;
  std::map<Key, HostQueue> hosts_;
  std::deque<TicketedRequest> ready_;  ///< counted as begun
  std::deque<TicketedRequest> ready_content_;
};

}  // namespace tagdrift::registry
