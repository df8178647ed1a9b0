#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>

#include "serve/node_cache_service.h"
#include "serve/stuck_calls.h"

namespace tagdrift::serve {

/// One stream of WatchReport. Takes no thread: each new report, and each message that has been written, is the moment
/// for the next message. One is under way at a time, and the next tells all that has happened meanwhile. Deletes itself
/// when gRPC has done with it, and gives its places back, that of a stream and that of its view.
class Watcher final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  Watcher(NodeCacheService& service, grpc::CallbackServerContext& context, v1::WatchReportRequest request,
          std::shared_ptr<void> slot, std::shared_ptr<void> view);

  /// Ends the stream where `status` is not OK.
  void Begin(const grpc::Status& status);

 private:
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void Wake();
  // With mutex_ held.
  void WriteNext();
  void End(const grpc::Status& status);

  NodeCacheService& service_;
  grpc::CallbackServerContext& context_;
  const Caller caller_;
  const v1::WatchReportRequest request_;
  const std::shared_ptr<void> slot_;
  const std::shared_ptr<void> view_;
  Sending sending_;
  std::shared_ptr<void> listening_;

  std::mutex mutex_;  // everything below
  std::shared_ptr<const Snapshot> told_;
  std::shared_ptr<const Snapshot> being_told_;
  grpc::ByteBuffer message_;
  bool writing_ = false;
  bool ended_ = false;
};

}  // namespace tagdrift::serve
