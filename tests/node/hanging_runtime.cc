#include "hanging_runtime.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

namespace tagdrift::node {

class HangingRuntime::Call final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Call(HangingRuntime& owner) : owner_(owner) {
    const std::lock_guard lock(owner_.mutex_);
    ++owner_.calls_;
    owner_.changed_.notify_all();
  }
  void OnCancel() override {
    {
      const std::lock_guard lock(owner_.mutex_);
      ++owner_.cancelled_;
      owner_.changed_.notify_all();
    }
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  HangingRuntime& owner_;
};

class HangingRuntime::Service final : public grpc::CallbackGenericService {
 public:
  explicit Service(HangingRuntime& owner) : owner_(owner) {}
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Call(owner_);
  }

 private:
  HangingRuntime& owner_;
};

HangingRuntime::HangingRuntime() : service_(std::make_unique<Service>(*this)) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(endpoint(), grpc::InsecureServerCredentials());
  builder.RegisterCallbackGenericService(service_.get());
  server_ = builder.BuildAndStart();
  EXPECT_NE(server_, nullptr);
}

HangingRuntime::~HangingRuntime() { server_->Shutdown(std::chrono::system_clock::now()); }

void HangingRuntime::AwaitCalls(int calls) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return calls_ >= calls; });
}

int HangingRuntime::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void HangingRuntime::AwaitCancelled() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return cancelled_ == calls_; });
}

}  // namespace tagdrift::node
