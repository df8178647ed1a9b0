#include "registry/client/worker_pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxWorkers = 32;
// Of them for what redirects and token realms lead to: of all hosts, and of one.
constexpr std::size_t kMaxElsewhere = 16;
constexpr std::size_t kMaxElsewhereOfOne = 4;

}  // namespace

WorkerPool::WorkerPool(Done done, Silent silent, std::shared_ptr<const Clock> clock)
    : done_(std::move(done)), silent_(std::move(silent)), clock_(std::move(clock)) {}

void WorkerPool::Send(std::shared_ptr<Channel> channel, Order order) {
  if (WorkerSlot* slot = SlotFor(channel)) {
    Give(*slot, std::move(order));
  } else {
    const RateClass rate_class = order.rate_class;
    waiting_.Push(rate_class, {.channel = std::move(channel), .order = std::move(order)});
  }
}

void WorkerPool::Cancel(std::uint64_t id) {
  if (const auto given = given_.find(id); given != given_.end()) {
    given->second->worker->Cancel(id);
  } else {
    waiting_.Extract([id](const WaitingOrder& waiting) { return waiting.order.id == id; });
  }
}

void WorkerPool::Finished(WorkerSlot& slot, std::uint64_t id) {
  given_.erase(id);
  slot.idle_since = clock_->Steady();
  --slot.under_way;
  if (slot.channel->limiter->TakeOutcomeAwaited()) WakeOthers(slot);
  AssignWaiting();
}

std::vector<std::unique_ptr<WorkerSlot>> WorkerPool::TakeIdle(std::chrono::nanoseconds idle) {
  const SteadyTime now = clock_->Steady();
  const auto busy = [now, idle](const auto& slot) { return slot->under_way > 0 || now - slot->idle_since < idle; };
  const auto first_idle = std::stable_partition(slots_.begin(), slots_.end(), busy);
  std::vector<std::unique_ptr<WorkerSlot>> out(std::make_move_iterator(first_idle),
                                               std::make_move_iterator(slots_.end()));
  slots_.erase(first_idle, slots_.end());
  return out;
}

WorkerSlot* WorkerPool::SlotOf(const Channel& channel) {
  const auto found =
      std::find_if(slots_.begin(), slots_.end(), [&](const auto& slot) { return slot->channel.get() == &channel; });
  return found == slots_.end() ? nullptr : found->get();
}

bool WorkerPool::MayHaveOne(const Channel& channel) const {
  const std::string& from = channel.settings.endpoint.detour.from;
  if (from.empty()) return true;
  std::size_t all = 0;
  std::size_t same = 0;
  for (const auto& slot : slots_) {
    if (slot->under_way == 0) continue;
    const std::string& other = slot->channel->settings.endpoint.detour.from;
    all += other.empty() ? 0U : 1U;
    same += other == from ? 1U : 0U;
  }
  return all < kMaxElsewhere && same < kMaxElsewhereOfOne;
}

WorkerSlot* WorkerPool::SlotFor(const std::shared_ptr<Channel>& channel) {
  WorkerSlot* slot = SlotOf(*channel);
  if (slot != nullptr && slot->under_way > 0) return slot;
  if (!MayHaveOne(*channel)) return nullptr;
  if (slot == nullptr) slot = FreeSlot();
  if (slot != nullptr) slot->channel = channel;
  return slot;
}

WorkerSlot* WorkerPool::FreeSlot() {
  if (slots_.size() == kMaxWorkers) {
    // The longest idle one: connections of the others may be of use again.
    WorkerSlot* free = nullptr;
    for (const auto& slot : slots_) {
      const bool better = slot->under_way == 0 && (free == nullptr || slot->idle_since < free->idle_since);
      if (better) free = slot.get();
    }
    return free;
  }
  auto& slot = slots_.emplace_back(std::make_unique<WorkerSlot>());
  slot->worker = std::make_unique<Worker>(
      Worker::Events{.done = [this, self = slot.get()](OrderResult result) { done_(*self, std::move(result)); },
                     .silent = silent_},
      clock_);
  return slot.get();
}

void WorkerPool::Give(WorkerSlot& slot, Order order) {
  ++slot.under_way;
  given_.emplace(order.id, &slot);
  slot.worker->Take(slot.channel, std::move(order));
}

void WorkerPool::AssignWaiting() {
  for (;;) {
    WorkerSlot* slot = nullptr;
    auto first = waiting_.PopFirst([&](const WaitingOrder& waiting) {
      slot = SlotFor(waiting.channel);
      return slot != nullptr;
    });
    if (!first) return;
    Give(*slot, std::move(first->order));
    for (WaitingOrder& more : waiting_.Extract([&](const auto& other) { return other.channel == slot->channel; })) {
      Give(*slot, std::move(more.order));
    }
  }
}

void WorkerPool::WakeOthers(const WorkerSlot& slot) {
  for (const auto& other : slots_) {
    if (other.get() != &slot && other->channel->limiter == slot.channel->limiter) other->worker->Wake();
  }
}

}  // namespace tagdrift::registry
