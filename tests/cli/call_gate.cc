#include "call_gate.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>

namespace tagdrift::cli {
namespace {

/// gRPC's synchronous servers do not announce that a caller has gone.
constexpr std::chrono::milliseconds kLook(2);

}  // namespace

CallGate::CallGate(int number, Hang hang) : number_(number), hang_(hang), event_(eventfd(0, EFD_CLOEXEC)) {}

CallGate::~CallGate() { close(event_); }

bool CallGate::Pass(const std::string& call, const std::function<bool()>& caller_is_gone,
                    const std::function<void()>& act) {
  std::unique_lock lock(mutex_);
  seen_.push_back(call);
  const int mine = static_cast<int>(seen_.size());
  const bool hangs = number_ > 0 && (mine == number_ || (hang_ == Hang::kAllUndone && mine > number_));
  lock.unlock();
  if (!hangs || hang_ == Hang::kUnanswered) act();
  if (!hangs) return true;
  eventfd_write(event_, 1);
  lock.lock();
  while (!released_ && !caller_is_gone()) changed_.wait_for(lock, kLook);
  return false;
}

std::vector<std::string> CallGate::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void CallGate::Release() {
  const std::lock_guard lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

}  // namespace tagdrift::cli
