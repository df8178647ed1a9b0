#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "registry/http/channel.h"
#include "registry/http/rate_class_queue.h"
#include "registry/http/worker.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::registry {

/// A worker with the channel that it serves.
struct WorkerSlot {
  std::shared_ptr<Channel> channel;
  std::size_t under_way = 0;
  SteadyTime idle_since;
  std::unique_ptr<Worker> worker;
};

/// At most 32 workers, one for each channel that has requests. Where there are more channels, requests wait for a
/// worker that has none. What redirects and token realms lead to has half of them at most, and four for each configured
/// host: a host that leads to many slow places holds up nobody else. Used by one thread at a time (the dispatcher's
/// lock).
class WorkerPool {
 public:
  /// Called on the worker's thread, without any lock. `slot` is for Finished.
  using Done = std::function<void(WorkerSlot& slot, OrderResult result)>;
  using Silent = std::function<void(std::uint64_t id)>;

  WorkerPool(Done done, Silent silent, std::shared_ptr<const Clock> clock);

  void Send(std::shared_ptr<Channel> channel, Order order);
  /// Done follows with no response, unless the order is not with a worker yet or Done is on its way.
  void Cancel(std::uint64_t id);
  /// To be called once for each Done.
  void Finished(WorkerSlot& slot, std::uint64_t id);

  /// Workers that have had nothing to do for `idle`; they end when they are destroyed, which is to be done without the
  /// lock.
  std::vector<std::unique_ptr<WorkerSlot>> TakeIdle(std::chrono::nanoseconds idle);
  std::vector<std::unique_ptr<WorkerSlot>> TakeAll() { return std::move(slots_); }

  std::size_t threads() const { return slots_.size(); }

 private:
  struct WaitingOrder {
    std::shared_ptr<Channel> channel;
    Order order;
  };

  WorkerSlot* SlotOf(const Channel& channel);
  /// False where enough workers serve what redirects and realms lead to.
  bool MayHaveOne(const Channel& channel) const;
  /// The worker that serves `channel` from now on; null: none may.
  WorkerSlot* SlotFor(const std::shared_ptr<Channel>& channel);
  WorkerSlot* FreeSlot();
  void Give(WorkerSlot& slot, Order order);
  void AssignWaiting();
  void WakeOthers(const WorkerSlot& slot);

  const Done done_;
  const Silent silent_;
  const std::shared_ptr<const Clock> clock_;
  std::vector<std::unique_ptr<WorkerSlot>> slots_;
  std::map<std::uint64_t, WorkerSlot*> given_;  ///< orders that are with a worker
  RateClassQueue<WaitingOrder> waiting_;        ///< for a worker
};

}  // namespace tagdrift::registry
