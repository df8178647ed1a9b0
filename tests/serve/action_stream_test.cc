// What an operator is told of an action who does not take it.
#include "serve/action_stream.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "daemon.h"
#include "hosts/tree_folder.h"
#include "registry/manual_clock.h"

namespace tagdrift::serve {
namespace {

using Stream = ActionStream<v1::RefreshResponse>;

/// Tells of each call three plans of 100 kB at once. Its streams are the test's to end.
class Telling final : public v1::NodeCacheActions::CallbackService {
 public:
  explicit Telling(StuckCalls& calls) : calls_(calls) {}

  grpc::ServerWriteReactor<v1::RefreshResponse>* Refresh(grpc::CallbackServerContext* context,
                                                         const v1::RefreshRequest*) override {
    auto* stream = new Stream(calls_, *context);
    stream->Hold(held);
    for (int i = 0; i < 3; ++i) {
      v1::RefreshResponse event;
      event.mutable_plan()->set_reference(std::string(100'000, 'x'));
      stream->Tell(std::move(event));
    }
    latest = stream;
    return stream;
  }

  const std::shared_ptr<int> held = std::make_shared<int>();
  std::atomic<Stream*> latest = nullptr;

 private:
  StuckCalls& calls_;
};

TEST(ActionStreams, WhoDoesNotTakeWhatIsToldIsCut) {
  const auto clock = std::make_shared<registry::ManualClock>();
  StuckCalls calls(clock);
  Telling service(calls);
  const hosts::TreeFolder folder;
  const std::string address = "unix://" + folder.path().string() + "/actions.sock";
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  ASSERT_NE(server, nullptr);
  // Its window stays at 64 KiB until somebody reads.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto stub =
      v1::NodeCacheActions::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));

  grpc::ClientContext context;
  SetDeadline(context);
  const auto reader = stub->Refresh(&context, {});
  ASSERT_TRUE(Await([&] { return service.latest != nullptr; }));
  Stream* const stream = service.latest;
  calls.Cut(std::chrono::minutes(1));
  EXPECT_FALSE(stream->cancelled().stop_requested()) << "not yet a minute";
  clock->Advance(std::chrono::seconds(61));
  calls.Cut(std::chrono::minutes(1));
  EXPECT_TRUE(Await([&] { return stream->cancelled().stop_requested(); })) << "so that the action ends";
  EXPECT_GT(service.held.use_count(), 1);
  stream->End(grpc::Status::OK);
  v1::RefreshResponse event;
  while (reader->Read(&event)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Await([&] { return service.held.use_count() == 1; })) << "its place is free";
}

}  // namespace
}  // namespace tagdrift::serve
