#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace tagdrift {

/// Memory for the content that one round holds: bodies that are on their way or not taken yet, and what was made of
/// them. Who brings it is named by the owner (a registry host); no owner gets more than a quarter, so that one who
/// brings too much leaves room for the others. Counted, not measured. Thread safe.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t most_bytes) : most_(most_bytes) {}

  /// False, and nothing is taken, where it would be too much.
  bool Take(const std::string& owner, std::size_t bytes);
  /// Of what was taken before.
  void GiveBack(const std::string& owner, std::size_t bytes);

  /// The most that one owner may take.
  std::size_t MostOfOne() const { return most_ / 4; }
  std::size_t taken() const;
  /// The most that was ever taken at once.
  std::size_t peak() const;

 private:
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::size_t taken_ = 0;
  std::size_t peak_ = 0;
  std::map<std::string, std::size_t> by_owner_;
};

/// What one body takes of a budget, given back with it. One thread at a time uses it.
class ByteHold {
 public:
  ByteHold(std::shared_ptr<ByteBudget> budget, std::string owner)
      : budget_(std::move(budget)), owner_(std::move(owner)) {}
  ~ByteHold() { budget_->GiveBack(owner_, bytes_); }
  ByteHold(const ByteHold&) = delete;
  ByteHold& operator=(const ByteHold&) = delete;

  /// False where the budget has no room for `more`.
  bool Grow(std::size_t more);

 private:
  const std::shared_ptr<ByteBudget> budget_;
  const std::string owner_;
  std::size_t bytes_ = 0;
};

}  // namespace tagdrift
