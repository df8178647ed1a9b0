#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "tagdrift/call/clock.h"

namespace tagdrift::registry {

/// A map that forgets what has not been used for long and, when it is full, what has not been used for longest, but
/// never what is in use. References stay valid until their entry is forgotten.
template <typename Key, typename Value>
class ExpiringMap {
 public:
  using InUse = std::function<bool(const Value&)>;

  /// Entries are kept for `idle` after their last use. More than `most` are there only while they are in use.
  ExpiringMap(
      std::chrono::nanoseconds idle, std::size_t most, InUse in_use = [](const Value&) { return false; })
      : idle_(idle), most_(most), in_use_(std::move(in_use)) {}

  /// The value, or null; counts as a use.
  Value* Find(const Key& key, SteadyTime now) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    found->second.used = now;
    return &found->second.value;
  }

  /// The value, a new one where there is none; counts as a use.
  Value& At(const Key& key, SteadyTime now) {
    if (entries_.size() >= most_ && !entries_.contains(key)) MakeRoom(now);
    Entry& entry = entries_[key];
    entry.used = now;
    return entry.value;
  }

  void Erase(const Key& key) { entries_.erase(key); }

  /// Forgets all that `unwanted(value)` is true for.
  template <typename Unwanted>
  void EraseIf(const Unwanted& unwanted) {
    std::erase_if(entries_, [&unwanted](const auto& entry) { return unwanted(entry.second.value); });
  }

  /// Forgets what is idle for too long.
  void Expire(SteadyTime now) {
    std::erase_if(entries_, [this, now](const auto& entry) {
      return now - entry.second.used >= idle_ && !in_use_(entry.second.value);
    });
  }

  std::size_t size() const { return entries_.size(); }

  /// Calls `visit(key, value)` for each; is no use.
  template <typename Visit>
  void ForEach(const Visit& visit) {
    for (auto& [key, entry] : entries_) visit(key, entry.value);
  }

 private:
  struct Entry {
    Value value{};
    SteadyTime used;
  };

  /// An eighth at a time, so that a full map is not searched for each new entry.
  void MakeRoom(SteadyTime now) {
    Expire(now);
    if (entries_.size() < most_) return;
    std::vector<typename std::map<Key, Entry>::iterator> idle;
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (!in_use_(entry->second.value)) idle.push_back(entry);
    }
    const std::size_t count = std::min(idle.size(), most_ / 8 + 1);
    std::partial_sort(idle.begin(), std::next(idle.begin(), static_cast<std::ptrdiff_t>(count)), idle.end(),
                      [](const auto& a, const auto& b) { return a->second.used < b->second.used; });
    for (std::size_t i = 0; i < count; ++i) entries_.erase(idle[i]);
  }

  const std::chrono::nanoseconds idle_;
  const std::size_t most_;
  const InUse in_use_;
  std::map<Key, Entry> entries_;
};

}  // namespace tagdrift::registry
