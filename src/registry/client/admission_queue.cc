#include "registry/client/admission_queue.h"

#include <algorithm>
#include <utility>

#include "registry/http/http_message.h"

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxBegun = 300;
constexpr std::size_t kMaxContentBegun = 16;
constexpr std::size_t kLeastExpected = 1024 * 1024;

}  // namespace

bool AdmissionQueue::MayBegin(const HostQueue& host, bool for_content) const {
  if (!for_content) return host.begun < kMaxBegun;
  if (host.begun == 0) return true;
  const std::size_t expected = std::max(kLeastExpected, host.largest.value_or(kManifestLimit));
  return host.begun < kMaxContentBegun && host.bytes + (host.begun - host.arrived + 1) * expected <= content_room_;
}

void AdmissionQueue::BeginWaiting(HostQueue& host, bool for_content) {
  while (!host.waiting.empty() && MayBegin(host, for_content)) {
    ++host.begun;
    (for_content ? ready_content_ : ready_).push_back(std::move(host.waiting.front()));
    host.waiting.pop_front();
  }
}

void AdmissionQueue::Push(TicketedRequest request) {
  const bool for_content = request.IsForContent();
  HostQueue& host = hosts_[{request.request.host.get(), for_content}];
  host.waiting.push_back(std::move(request));
  BeginWaiting(host, for_content);
}

std::optional<TicketedRequest> AdmissionQueue::Next() {
  if (!HasNext()) return std::nullopt;
  std::deque<TicketedRequest>& queue = ready_.empty() ? ready_content_ : ready_;
  TicketedRequest next = std::move(queue.front());
  queue.pop_front();
  return next;
}

void AdmissionQueue::ContentArrived(const hosts::RegistryHost* host, std::size_t bytes) {
  HostQueue& queue = hosts_[{host, true}];
  ++queue.arrived;
  queue.bytes += bytes;
  queue.largest = std::max(queue.largest.value_or(0), bytes);
  BeginWaiting(queue, true);
}

void AdmissionQueue::Taken(const hosts::RegistryHost* host, bool for_content, std::size_t bytes) {
  const auto found = hosts_.find({host, for_content});
  if (found == hosts_.end()) return;
  HostQueue& queue = found->second;
  --queue.begun;
  if (for_content) {
    --queue.arrived;
    queue.bytes -= bytes;
  }
  BeginWaiting(queue, for_content);
  if (queue.begun == 0) hosts_.erase(found);
}

}  // namespace tagdrift::registry
