#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

/// Requests that wait at one place, actions before what a person waits for before background work, each class in the
/// order of arrival. Of sixteen that leave while others wait, one is the oldest of the least urgent class, so that
/// nobody starves.
template <typename Item>
class RateClassQueue {
 public:
  bool empty() const { return queues_[0].empty() && queues_[1].empty() && queues_[2].empty(); }
  std::size_t size() const { return queues_[0].size() + queues_[1].size() + queues_[2].size(); }

  void Push(RateClass rate_class, Item item) { queues_[Rank(rate_class)].push_back(std::move(item)); }

  /// The one that leaves next. Not of an empty queue.
  Item& Front() { return Next().front(); }

  /// Not of an empty queue.
  Item Pop() {
    std::deque<Item>& queue = Next();
    Item item = std::move(queue.front());
    queue.pop_front();
    turn_ = (turn_ + 1) % kTurns;
    return item;
  }

  /// Takes out the first in the order of leaving that `wanted` is true for.
  template <typename Predicate>
  std::optional<Item> PopFirst(const Predicate& wanted) {
    const bool last_first = turn_ == kTurns - 1;
    for (std::size_t i = 0; i < queues_.size(); ++i) {
      std::deque<Item>& queue = queues_[last_first ? queues_.size() - 1 - i : i];
      const auto found = std::find_if(queue.begin(), queue.end(), wanted);
      if (found == queue.end()) continue;
      Item item = std::move(*found);
      queue.erase(found);
      turn_ = (turn_ + 1) % kTurns;
      return item;
    }
    return std::nullopt;
  }

  /// Takes out all that `wanted` is true for.
  template <typename Predicate>
  std::vector<Item> Extract(const Predicate& wanted) {
    std::vector<Item> out;
    for (std::deque<Item>& queue : queues_) {
      std::deque<Item> kept;
      for (Item& item : queue) {
        if (wanted(item)) {
          out.push_back(std::move(item));
        } else {
          kept.push_back(std::move(item));
        }
      }
      queue = std::move(kept);
    }
    return out;
  }

 private:
  static constexpr int kTurns = 16;

  static std::size_t Rank(RateClass rate_class) {
    switch (rate_class) {
      case RateClass::kAction:
        return 0;
      case RateClass::kInteractive:
        return 1;
      case RateClass::kBackground:
        return 2;
    }
    return 2;
  }

  std::deque<Item>& Next() {
    if (turn_ == kTurns - 1) {
      for (auto queue = queues_.rbegin(); queue != queues_.rend(); ++queue) {
        if (!queue->empty()) return *queue;
      }
    }
    for (std::deque<Item>& queue : queues_) {
      if (!queue.empty()) return queue;
    }
    return queues_.back();
  }

  std::array<std::deque<Item>, 3> queues_;
  int turn_ = 0;
};

}  // namespace tagdrift::registry
