#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace tagdrift::lab {

/// One call of a program to its runtime.
struct Step {
  int number = 0;       ///< from 1, in the order in which they came
  std::string method;   ///< "/containerd.services.images.v1.Images/Get"
  std::string request;  ///< the message's bytes
};

/// Stands between a program and its runtime: hands on every call that has one request message, which are all that
/// tagdrift makes, and says so before.
class StepProxy {
 public:
  /// Called from a thread of the proxy for one step at a time; the step waits for its return.
  using BeforeStep = std::function<void(const Step&)>;

  /// Listens at the unix socket `socket`; `backend` is "unix://…".
  StepProxy(const std::string& socket, const std::string& backend, BeforeStep before);
  /// Ends what is under way.
  ~StepProxy();
  StepProxy(const StepProxy&) = delete;
  StepProxy& operator=(const StepProxy&) = delete;

  const std::string& endpoint() const { return endpoint_; }

 private:
  class Relay;

  void Accept();
  void Announce(const std::string& method, const grpc::ByteBuffer& request);

  std::string endpoint_;
  BeforeStep before_;
  std::mutex mutex_;
  int steps_ = 0;
  std::shared_ptr<grpc::Channel> backend_;
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> calls_;
  std::unique_ptr<grpc::Server> server_;
  std::list<std::jthread> threads_;  ///< one for each call
  std::jthread acceptor_;
};

}  // namespace tagdrift::lab
