// What one reader leaves to others.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "log.h"
#include "other_user.h"
#include "scrape.h"
#include "served_scene.h"

namespace tagdrift::serve {
namespace {

/// A stream of WatchReport.
struct Watching {
  explicit Watching(v1::NodeCache::Stub& stub, const v1::WatchReportRequest& request = {})
      : stream(stub.WatchReport(&context, request)) {}

  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<v1::WatchReportResponse>> stream;
};

class Shares : public ServedScene {
 protected:
  ~Shares() override {
    for (const auto& watching : watching_) watching->context.TryCancel();
    watching_.clear();
    daemon_.reset();
  }

  void StartCounting() {
    Start([](Options& options) { options.metrics = kMetricsAddress; });
  }
  /// How the stream ends, or OK where it has been told the report; it goes on then.
  grpc::Status Watch(v1::NodeCache::Stub& stub, const v1::WatchReportRequest& request = {}) {
    Watching& watching = *watching_.emplace_back(std::make_unique<Watching>(stub, request));
    v1::WatchReportResponse event;
    return watching.stream->Read(&event) ? grpc::Status::OK : watching.stream->Finish();
  }
  /// Each number is a view of its own.
  static v1::WatchReportRequest PartOf(int number) {
    v1::WatchReportRequest request;
    for (int i = 0; i <= number; ++i) request.mutable_filter()->add_verdicts(v1::VERDICT_STALE);
    return request;
  }

  const Log log_;
  std::vector<std::unique_ptr<Watching>> watching_;
};

TEST_F(Shares, OneUserWatchesHalfOfWhatReadersMay) {
  constexpr int kWatchersOfOneReader = 750;
  constexpr int kOfOneConnection = 90;
  StartCounting();
  std::vector<std::unique_ptr<v1::NodeCache::Stub>> stubs;
  for (int i = 0; i < kWatchersOfOneReader; ++i) {
    if (i % kOfOneConnection == 0) stubs.push_back(v1::NodeCache::NewStub(daemon_->Channel("reader.sock")));
    ASSERT_TRUE(Watch(*stubs.back()).ok()) << i;
  }
  const grpc::Status refused = Watch(*daemon_->reader);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(), "this caller has its share of the watchers");
  EXPECT_NE(refused.error_details().find("TOO_MANY_WATCHERS"), std::string::npos);
  EXPECT_NE(refused.error_details().find("RetryInfo"), std::string::npos);
  EXPECT_EQ(Refusals("limit"), 1);
  EXPECT_EQ(log_.Times("refused uid " + std::to_string(getuid()) + " at reader.sock: this caller has its share"), 1);
  EXPECT_TRUE(Watch(*daemon_->operator_).ok());
  const auto channel = ChannelOfAnotherUser(daemon_->Path("reader.sock"));
  if (channel == nullptr) GTEST_SKIP() << "only root can connect as another user";
  const auto another = v1::NodeCache::NewStub(channel);
  EXPECT_TRUE(Watch(*another).ok());
}

TEST_F(Shares, OneUserWatchesFewDifferentViews) {
  constexpr int kViewsOfOneReader = 24;
  StartCounting();
  for (int i = 0; i < kViewsOfOneReader; ++i) ASSERT_TRUE(Watch(*daemon_->reader, PartOf(i)).ok()) << i;
  const grpc::Status refused = Watch(*daemon_->reader, PartOf(kViewsOfOneReader));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(), "this caller has its share of the different filters and views that are watched");
  EXPECT_NE(refused.error_details().find("TOO_MANY_VIEWS"), std::string::npos);
  EXPECT_EQ(Refusals("limit"), 1);
  EXPECT_TRUE(Watch(*daemon_->reader, PartOf(0)).ok()) << "which is there for another of its watchers";
  EXPECT_TRUE(Watch(*daemon_->reader).ok()) << "the whole report";
  EXPECT_TRUE(Watch(*daemon_->operator_, PartOf(kViewsOfOneReader)).ok());
  watching_[1]->context.TryCancel();
  EXPECT_TRUE(Await([&] { return Watch(*daemon_->reader, PartOf(kViewsOfOneReader)).ok(); })) << "one is given back";
  const auto channel = ChannelOfAnotherUser(daemon_->Path("reader.sock"));
  if (channel == nullptr) GTEST_SKIP() << "only root can connect as another user";
  const auto another = v1::NodeCache::NewStub(channel);
  EXPECT_TRUE(Watch(*another, PartOf(kViewsOfOneReader + 1)).ok());
}

/// A stream of gRPC's reflection, given up at its end.
class Reflecting {
 public:
  explicit Reflecting(std::shared_ptr<grpc::Channel> channel) : stub_(std::move(channel)) {
    SetDeadline(context_);
    stream_ = stub_.PrepareCall(&context_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue_);
    stream_->StartCall(nullptr);
    Next();
    // list_services: "*"
    const grpc::Slice request("\x3a\x01*");
    stream_->Write({&request, 1}, nullptr);
    Next();
    grpc::ByteBuffer answer;
    stream_->Read(&answer, nullptr);
    is_answered_ = Next();
    if (!is_answered_) End();
  }
  ~Reflecting() {
    if (!is_answered_) return;
    context_.TryCancel();
    End();
  }
  Reflecting(const Reflecting&) = delete;
  Reflecting& operator=(const Reflecting&) = delete;

  bool is_answered() const { return is_answered_; }
  /// Where it is not.
  const grpc::Status& status() const { return status_; }

 private:
  bool Next() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }
  void End() {
    stream_->Finish(&status_, nullptr);
    Next();
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  bool is_answered_ = false;
  grpc::Status status_;
};

TEST_F(Shares, OneUsersReflectionsLeaveOthersSome) {
  StartCounting();
  const auto own = daemon_->Channel("reader.sock");
  {
    const Reflecting first(own);
    const Reflecting second(own);
    ASSERT_TRUE(first.is_answered()) << first.status().error_message();
    ASSERT_TRUE(second.is_answered()) << second.status().error_message();
    // Fewer than there are threads for, which may not have been given back yet.
    for (int i = 0; i < 4; ++i) {
      const Reflecting refused(own);
      ASSERT_FALSE(refused.is_answered());
      EXPECT_EQ(refused.status().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
      EXPECT_EQ(refused.status().error_message(), "this caller has its share of the streams of reflection");
    }
    EXPECT_EQ(Refusals("limit"), 4);
    EXPECT_EQ(log_.Times("this caller has its share of the streams of reflection"), 1) << "once a minute";
    EXPECT_TRUE(Reflecting(daemon_->Channel("operator.sock")).is_answered());
    EXPECT_TRUE(Get({}).ok()) << "which is no reflection";
    if (const auto channel = ChannelOfAnotherUser(daemon_->Path("reader.sock"))) {
      EXPECT_TRUE(Reflecting(channel).is_answered());
    }
  }
  EXPECT_TRUE(Await([&] { return Reflecting(own).is_answered(); })) << "once they have been given back";
}

}  // namespace
}  // namespace tagdrift::serve
