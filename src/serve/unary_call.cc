#include "serve/unary_call.h"

namespace tagdrift::serve {

void UnaryCalls::CutStuck(std::chrono::nanoseconds limit) {
  const std::lock_guard lock(mutex_);
  for (const UnaryCall* call : calls_) {
    if (call->answered_ && clock_->Steady() - *call->answered_ > limit) call->context_.TryCancel();
  }
}

UnaryCall::UnaryCall(UnaryCalls& all, grpc::CallbackServerContext& context) : all_(all), context_(context) {
  const std::lock_guard lock(all_.mutex_);
  all_.calls_.insert(this);
}

void UnaryCall::Answer(const grpc::Status& status) {
  {
    const std::lock_guard lock(all_.mutex_);
    answered_ = all_.clock_->Steady();
  }
  Finish(status);
}

void UnaryCall::OnDone() {
  {
    const std::lock_guard lock(all_.mutex_);
    all_.calls_.erase(this);
  }
  delete this;
}

}  // namespace tagdrift::serve
