#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "temporary_folder.h"

namespace tagdrift::node {

/// A gRPC server that takes every call of every service and answers none until it is cancelled.
class HangingRuntime {
 public:
  HangingRuntime();
  ~HangingRuntime();

  std::string endpoint() const { return "unix://" + folder_.path() + "/runtime.sock"; }
  /// Waits until `calls` calls have come in all.
  void AwaitCalls(int calls);
  int calls() const;
  /// Waits until all that came have been cancelled.
  void AwaitCancelled();

 private:
  class Service;
  class Call;

  TemporaryFolder folder_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int calls_ = 0;
  int cancelled_ = 0;
  std::unique_ptr<grpc::CallbackGenericService> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tagdrift::node
