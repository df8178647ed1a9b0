// A reader who asks and does not take the answer.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "other_user.h"
#include "registry/manual_clock.h"
#include "served_scene.h"

namespace tagdrift::serve {
namespace {

class StuckReader : public ServedScene {
 protected:
  StuckReader() {
    // Several times a stream's window of 64 KiB.
    for (int i = 0; i < 300; ++i) {
      const std::string name = std::string(200, 'x') + std::to_string(i);
      scene_.registry.Push(name, "v1", new_);
      scene_.Cache(agent::NameOf(name + ":v1"), new_);
    }
  }

  /// One whose windows stay at 64 KiB until somebody reads.
  std::shared_ptr<grpc::Channel> NarrowChannel() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    return grpc::CreateCustomChannel("unix://" + daemon_->Path("reader.sock"), grpc::InsecureChannelCredentials(),
                                     arguments);
  }

  const std::shared_ptr<registry::ManualClock> clock_ = std::make_shared<registry::ManualClock>();
};

TEST_F(StuckReader, IsCutAfterAMinute) {
  Start([&](Options& options) { options.clock = clock_; });
  ASSERT_GT(answer_.ByteSizeLong(), std::size_t{150} << 10);
  v1::ListImagesResponse images;
  grpc::ClientContext listing;
  ASSERT_TRUE(daemon_->reader->ListImages(&listing, {}, &images).ok());
  ASSERT_GT(images.ByteSizeLong(), std::size_t{100} << 10);
  v1::GetReportRequest page;
  page.set_page_size(290);
  const std::pair<std::string, std::string> calls[] = {
      {"GetReport", ""}, {"GetReport", page.SerializeAsString()}, {"ListImages", ""}};
  for (const auto& [method, request] : calls) {
    const grpc::Slice slice(request);
    grpc::GenericStub stub(NarrowChannel());
    grpc::CompletionQueue queue;
    const auto next = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    grpc::ClientContext context;
    SetDeadline(context);
    const auto call = stub.PrepareUnaryCall(&context, "/tagdrift.v1.NodeCache/" + method, {&slice, 1}, &queue);
    call->StartCall();
    call->ReadInitialMetadata(nullptr);
    ASSERT_TRUE(next()) << "it has been answered";
    // The sweep at its end has seen that more than a minute has passed.
    clock_->AdvanceAndWait(std::chrono::seconds(61));
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    ASSERT_TRUE(next());
    EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED) << method << status.error_message();
    EXPECT_TRUE(Get({}).ok()) << "who takes it gets it";
  }
}

TEST_F(StuckReader, WhoWatchesIsCutAfterAMinute) {
  Start([&](Options& options) { options.clock = clock_; });
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stub = v1::NodeCache::NewStub(NarrowChannel());
  const auto stream = stub->WatchReport(&context, {});
  stream->WaitForInitialMetadata();
  clock_->AdvanceAndWait(std::chrono::seconds(61));
  v1::WatchReportResponse event;
  while (stream->Read(&event)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

/// Calls whose answers nobody takes; given up at its end.
class UntakenAnswers {
 public:
  explicit UntakenAnswers(std::shared_ptr<grpc::Channel> channel) : stub_(std::move(channel)) {}
  ~UntakenAnswers() {
    for (const auto& call : calls_) {
      call->context.TryCancel();
      call->reader->Finish(&call->response, &call->status, call.get());
    }
    void* tag = nullptr;
    bool ok = false;
    for (std::size_t i = 0; i < calls_.size(); ++i) EXPECT_TRUE(queue_.Next(&tag, &ok));
  }
  UntakenAnswers(const UntakenAnswers&) = delete;
  UntakenAnswers& operator=(const UntakenAnswers&) = delete;

  /// Whether one more has been answered.
  bool Add(const std::string& method = "ListImages", const std::string& request = "") {
    const grpc::Slice slice(request);
    Call& call = *calls_.emplace_back(std::make_unique<Call>());
    SetDeadline(call.context);
    call.reader = stub_.PrepareUnaryCall(&call.context, "/tagdrift.v1.NodeCache/" + method, {&slice, 1}, &queue_);
    call.reader->StartCall();
    call.reader->ReadInitialMetadata(&call);
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

 private:
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer response;
    grpc::Status status;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  };

  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  std::vector<std::unique_ptr<Call>> calls_;
};

constexpr int kAnswersOfOneReader = 24;

grpc::Status ListAs(v1::NodeCache::Stub& stub) {
  grpc::ClientContext context;
  SetDeadline(context);
  v1::ListImagesResponse images;
  return stub.ListImages(&context, {}, &images);
}

TEST_F(StuckReader, LeavesOperatorsPlaces) {
  Start();
  {
    UntakenAnswers untaken(NarrowChannel());
    for (int i = 0; i < kAnswersOfOneReader; ++i) ASSERT_TRUE(untaken.Add()) << i;
    const grpc::Status refused = ListAs(*daemon_->reader);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(refused.error_message(), "this caller has its share of the calls that are being worked on");
    EXPECT_NE(refused.error_details().find("TOO_MANY_CALLS"), std::string::npos);
    EXPECT_TRUE(ListAs(*daemon_->operator_).ok()) << "the same user there";
  }
  EXPECT_TRUE(Await([&] { return ListAs(*daemon_->reader).ok(); })) << "once they have been given back";
}

TEST_F(StuckReader, LeavesAnotherUserPlaces) {
  Start();
  const auto channel = ChannelOfAnotherUser(daemon_->Path("reader.sock"));
  if (channel == nullptr) GTEST_SKIP() << "only root can connect as another user";
  const auto another = v1::NodeCache::NewStub(channel);
  UntakenAnswers untaken(NarrowChannel());
  for (int i = 0; i < kAnswersOfOneReader; ++i) ASSERT_TRUE(untaken.Add()) << i;
  EXPECT_EQ(ListAs(*daemon_->reader).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(ListAs(*another).ok());
}

TEST_F(StuckReader, CannotHoldViewsWithoutEnd) {
  constexpr int kOfOneConnection = 70;
  // Each keeps 300 KiB at least.
  constexpr int kMoreThanThereIsRoomFor = 3 * kOfOneConnection;
  Start();
  v1::GetReportRequest request;
  for (int verdict = 1; verdict <= v1::Verdict_MAX; ++verdict) {
    request.mutable_filter()->add_verdicts(static_cast<v1::Verdict>(verdict));
  }
  // The same tags each time, but a view of its own.
  const auto another = [&] {
    request.mutable_filter()->add_verdicts(v1::VERDICT_FRESH);
    return request;
  };
  std::vector<std::unique_ptr<UntakenAnswers>> untaken;
  for (int i = 0; i < kMoreThanThereIsRoomFor; ++i) {
    if (i % kOfOneConnection == 0) untaken.push_back(std::make_unique<UntakenAnswers>(NarrowChannel()));
    untaken.back()->Add("GetReport", another().SerializeAsString());
  }
  const grpc::Status refused = Get(another());
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(), "this caller holds its share of the memory for parts of the report");
  EXPECT_NE(refused.error_details().find("TOO_MANY_VIEWS"), std::string::npos);
  EXPECT_NE(refused.error_details().find("RetryInfo"), std::string::npos);
  EXPECT_TRUE(Get(*daemon_->operator_, another()).ok());
  EXPECT_TRUE(Get({}).ok()) << "the report is there for all";
  EXPECT_EQ(answer_.report().tags_size(), 302);
}

TEST_F(StuckReader, CannotHoldMoreByRequestsThanIsAllowed) {
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  };
  Start();
  v1::GetReportRequest request;
  request.set_refresh(true);
  request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(1000, std::string(500'000, 'x'));
  const grpc::Slice slice(request.SerializeAsString());
  scene_.registry.Hold("app");
  grpc::CompletionQueue queue;
  // 200 MB, while none is answered.
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 400; ++i) {
    if (i % 100 == 0) stubs.push_back(std::make_unique<grpc::GenericStub>(daemon_->Channel("operator.sock")));
    Call& call = *calls.emplace_back(std::make_unique<Call>());
    SetDeadline(call.context);
    call.reader =
        stubs.back()->PrepareUnaryCall(&call.context, "/tagdrift.v1.NodeCache/GetReport", {&slice, 1}, &queue);
    call.reader->StartCall();
    call.reader->Finish(&call.response, &call.status, &call);
  }
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  const grpc::StatusCode first = static_cast<Call*>(tag)->status.error_code();
  EXPECT_NE(first, grpc::StatusCode::OK);
  EXPECT_NE(first, grpc::StatusCode::DEADLINE_EXCEEDED);
  scene_.registry.Release();
  for (std::size_t i = 1; i < calls.size(); ++i) ASSERT_TRUE(queue.Next(&tag, &ok));
  // What they held may not have been given back yet.
  const auto newcomer = v1::NodeCache::NewStub(daemon_->Channel("operator.sock"));
  EXPECT_TRUE(Await([&] { return Get(*newcomer, {}).ok(); }));
}

}  // namespace
}  // namespace tagdrift::serve
