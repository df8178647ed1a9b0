#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "registry/client/dispatcher.h"

namespace tagdrift::registry {

/// A caller's hold on a batch.
class DispatchedBatch final : public Batch {
 public:
  DispatchedBatch(Dispatcher& dispatcher, std::shared_ptr<BatchState> state)
      : dispatcher_(dispatcher), state_(std::move(state)) {}
  ~DispatchedBatch() override { dispatcher_.End(state_); }

  void Send(std::uint64_t ticket, Request request) override { dispatcher_.Send(state_, {ticket, std::move(request)}); }
  std::optional<std::pair<std::uint64_t, Reply>> Receive() override { return dispatcher_.Receive(state_); }

 private:
  Dispatcher& dispatcher_;
  const std::shared_ptr<BatchState> state_;
};

}  // namespace tagdrift::registry
