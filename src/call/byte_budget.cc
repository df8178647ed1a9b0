#include "tagdrift/call/byte_budget.h"

#include <algorithm>

namespace tagdrift {

bool ByteBudget::Take(const std::string& owner, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  std::size_t& of_owner = by_owner_[owner];
  if (bytes > most_ - taken_ || bytes > MostOfOne() - of_owner) return false;
  of_owner += bytes;
  taken_ += bytes;
  peak_ = std::max(peak_, taken_);
  return true;
}

void ByteBudget::GiveBack(const std::string& owner, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  by_owner_[owner] -= bytes;
  taken_ -= bytes;
}

std::size_t ByteBudget::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

std::size_t ByteBudget::peak() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

bool ByteHold::Grow(std::size_t more) {
  if (!budget_->Take(owner_, more)) return false;
  bytes_ += more;
  return true;
}

}  // namespace tagdrift
