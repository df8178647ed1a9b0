#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "serve/stuck_calls.h"
#include "tagdrift/v1/node_cache.pb.h"

namespace tagdrift::serve {

/// The events of one call of NodeCacheActions, written one after the other. Of a reader who is slow only the latest
/// progress is kept. Deletes itself when gRPC has done with it, which is not before End.
template <class Response>
class ActionStream final : public grpc::ServerWriteReactor<Response> {
 public:
  ActionStream(StuckCalls& calls, grpc::CallbackServerContext& context) : sending_(calls, context) {}

  /// Keeps `place` until all has been taken.
  void Hold(std::shared_ptr<void> place) { place_ = std::move(place); }
  void Tell(Response event) {
    const std::lock_guard lock(mutex_);
    if (broken_) return;
    if (event.has_progress() && !waiting_.empty() && waiting_.back().has_progress()) waiting_.pop_back();
    waiting_.push_back(std::move(event));
    if (!writing_) WriteNext();
  }

  /// Once what waits has been written.
  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    end_ = status;
    if (!writing_) WriteNext();
  }

  std::stop_token cancelled() const { return cancelled_.get_token(); }

 private:
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    sending_.Taken();
    if (!ok) {
      broken_ = true;
      waiting_.clear();
    }
    WriteNext();
  }
  void OnCancel() override { cancelled_.request_stop(); }
  void OnDone() override {
    // Who called Finish may still hold the lock.
    { const std::lock_guard lock(mutex_); }
    delete this;
  }

  /// With mutex_ held.
  void WriteNext() {
    if (!waiting_.empty()) {
      under_way_ = std::move(waiting_.front());
      waiting_.pop_front();
      writing_ = true;
      sending_.Begin();
      this->StartWrite(&under_way_);
    } else if (end_) {
      sending_.Begin();
      this->Finish(*std::exchange(end_, std::nullopt));
    }
  }

  Sending sending_;
  std::shared_ptr<void> place_;
  std::stop_source cancelled_;
  std::mutex mutex_;  // everything below
  std::deque<Response> waiting_;
  Response under_way_;
  bool writing_ = false;
  bool broken_ = false;
  std::optional<grpc::Status> end_;
};

}  // namespace tagdrift::serve
