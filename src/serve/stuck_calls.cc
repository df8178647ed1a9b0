#include "serve/stuck_calls.h"

namespace tagdrift::serve {

void StuckCalls::Cut(std::chrono::nanoseconds limit) {
  const std::lock_guard lock(mutex_);
  for (const Sending* call : calls_) {
    if (call->since_ && clock_->Steady() - *call->since_ > limit) call->context_.TryCancel();
  }
}

Sending::Sending(StuckCalls& all, grpc::CallbackServerContext& context) : all_(all), context_(context) {
  const std::lock_guard lock(all_.mutex_);
  all_.calls_.insert(this);
}

Sending::~Sending() {
  const std::lock_guard lock(all_.mutex_);
  all_.calls_.erase(this);
}

void Sending::Begin() {
  const std::lock_guard lock(all_.mutex_);
  since_ = all_.clock_->Steady();
}

void Sending::Taken() {
  const std::lock_guard lock(all_.mutex_);
  since_.reset();
}

}  // namespace tagdrift::serve
