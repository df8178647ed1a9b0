#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "registry/client/admission_queue.h"
#include "registry/client/network_view.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

/// A reply that waits to be received.
struct ReadyReply {
  std::uint64_t ticket = 0;
  Reply reply;
  std::shared_ptr<const hosts::RegistryHost> host;
  bool for_content = false;
};

/// One batch as the dispatcher knows it; everything that changes is guarded by the dispatcher's lock.
struct BatchState {
  BatchState(RateClass rate_class_in, std::shared_ptr<NetworkView> network_in, CallContext context_in,
             std::shared_ptr<ByteBudget> content_in)
      : rate_class(rate_class_in),
        network(std::move(network_in)),
        context(std::move(context_in)),
        content(std::move(content_in)),
        queue(content->MostOfOne()) {}

  const RateClass rate_class;
  const std::shared_ptr<NetworkView> network;
  const CallContext context;
  const std::shared_ptr<ByteBudget> content;

  AdmissionQueue queue;
  std::deque<ReadyReply> replies;
  std::condition_variable_any replied;
  bool ended = false;
};

}  // namespace tagdrift::registry
