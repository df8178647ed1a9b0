#pragma once

#include <grpcpp/grpcpp.h>

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "tagdrift/v1/node_cache.pb.h"

namespace tagdrift::serve {

/// The events of one call of NodeCacheActions, written one after the other. Of a reader who is slow only the latest
/// progress is kept. Deletes itself when gRPC has done with it, which is not before End.
template <class Response>
class ActionStream final : public grpc::ServerWriteReactor<Response> {
 public:
  void Tell(Response event) {
    const std::lock_guard lock(mutex_);
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
    broken_ = broken_ || !ok;
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
    if (!waiting_.empty() && !broken_) {
      under_way_ = std::move(waiting_.front());
      waiting_.pop_front();
      writing_ = true;
      this->StartWrite(&under_way_);
    } else if (end_) {
      this->Finish(*std::exchange(end_, std::nullopt));
    }
  }

  std::stop_source cancelled_;
  std::mutex mutex_;  // everything below
  std::deque<Response> waiting_;
  Response under_way_;
  bool writing_ = false;
  bool broken_ = false;
  std::optional<grpc::Status> end_;
};

}  // namespace tagdrift::serve
