#include "registry/client/admission_queue.h"

#include <utility>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxBegun = 300;
constexpr std::size_t kMebibyte = 1024 * 1024;
constexpr std::size_t kMaxContentBytes = 32 * kMebibyte;
constexpr std::size_t kExpectedBytes = kMebibyte;

}  // namespace

void AdmissionQueue::Push(TicketedRequest request) {
  if (request.IsForContent()) {
    content_.push_back(std::move(request));
    return;
  }
  HostQueue& host = hosts_[request.request.host.get()];
  if (host.begun >= kMaxBegun) {
    host.waiting.push_back(std::move(request));
    return;
  }
  ++host.begun;
  ready_.push_back(std::move(request));
}

bool AdmissionQueue::HasRoom() const { return content_bytes_ + kExpectedBytes <= kMaxContentBytes; }

std::optional<TicketedRequest> AdmissionQueue::Next() {
  if (!HasNext()) return std::nullopt;
  const bool content = ready_.empty();
  std::deque<TicketedRequest>& queue = content ? content_ : ready_;
  if (content) content_bytes_ += kExpectedBytes;
  TicketedRequest next = std::move(queue.front());
  queue.pop_front();
  return next;
}

void AdmissionQueue::ContentArrived(std::size_t bytes) { content_bytes_ += bytes - kExpectedBytes; }

void AdmissionQueue::ContentTaken(std::size_t bytes) { content_bytes_ -= bytes; }

void AdmissionQueue::Taken(const hosts::RegistryHost* host) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return;
  HostQueue& queue = found->second;
  if (!queue.waiting.empty()) {
    ready_.push_back(std::move(queue.waiting.front()));
    queue.waiting.pop_front();
  } else if (--queue.begun == 0) {
    hosts_.erase(found);
  }
}

}  // namespace tagdrift::registry
