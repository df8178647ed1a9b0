// What is read of an agent.
#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "scripted_agent.h"
#include "tagdrift/remote/client.h"

namespace tagdrift::remote {
namespace {

using google::protobuf::util::MessageDifferencer;

Client ReaderOf(const ScriptedAgent& agent) { return Client::Connect(*ParseAddress(agent.address(), {})); }

/// Answers `tags` tags page by page; `change_before`: the report changes before that call, counted from 1.
class Pages {
 public:
  explicit Pages(int tags, std::vector<int> change_before = {})
      : tags_(tags), change_before_(std::move(change_before)) {}

  grpc::Status operator()(const v1::GetReportRequest& request, v1::GetReportResponse& response) {
    ++calls_;
    rounds_ += request.refresh() ? 1 : 0;
    const bool changes = std::ranges::count(change_before_, calls_) > 0;
    if (changes) ++generation_;
    const int first = request.page_token().empty() ? 0 : std::stoi(request.page_token());
    if (changes && first > 0) return {grpc::StatusCode::ABORTED, "the report has changed"};
    const int end = std::min(first + request.page_size(), tags_);
    for (int i = first; i < end; ++i) {
      v1::TagReport& tag = *response.mutable_report()->add_tags();
      tag.set_reference("registry.corp/app:" + std::to_string(i));
      tag.set_detail("generation " + std::to_string(generation_));
    }
    response.set_generation(static_cast<std::uint64_t>(generation_));
    if (first == 0) {
      response.mutable_report()->set_node("node-7");
      response.mutable_report()->add_containers()->set_id("c");
      response.mutable_report()->mutable_summary()->set_tags(tags_);
    }
    if (end < tags_) response.set_next_page_token(std::to_string(end));
    largest_ = std::max(largest_, response.ByteSizeLong());
    return grpc::Status::OK;
  }

  int calls() const { return calls_; }
  int rounds() const { return rounds_; }
  std::size_t largest() const { return largest_; }

 private:
  int tags_;
  std::vector<int> change_before_;
  int calls_ = 0;
  int rounds_ = 0;
  int generation_ = 1;
  std::size_t largest_ = 0;
};

v1::GetReportRequest RoundNow() {
  v1::GetReportRequest request;
  request.set_refresh(true);
  request.set_page_token("of the caller");
  return request;
}

TEST(Report, IsJoinedOfAllItsPages) {
  Pages pages(5000);
  const ScriptedAgent agent({.get_report = std::ref(pages)});
  const auto report = ReaderOf(agent).GetReport(RoundNow(), {});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->report().tags_size(), 5000);
  EXPECT_EQ(report->report().tags(4999).reference(), "registry.corp/app:4999");
  EXPECT_EQ(report->report().node(), "node-7");
  EXPECT_EQ(report->report().containers_size(), 1);
  EXPECT_EQ(report->next_page_token(), "");
  EXPECT_EQ(pages.rounds(), 1) << "one round, not one per page";
  EXPECT_GT(pages.calls(), 1);
}

TEST(Report, OfFiveThousandLargeTagsStaysBelowTheUsualMessageLimit) {
  std::size_t largest = 0;
  const ScriptedAgent agent({.get_report = [&](const v1::GetReportRequest& request, v1::GetReportResponse& response) {
    for (int i = 0; i < request.page_size(); ++i)
      response.mutable_report()->add_tags()->set_detail(std::string(6000, 'x'));
    largest = response.ByteSizeLong();
    return grpc::Status::OK;
  }});
  ASSERT_TRUE(ReaderOf(agent).GetReport({}, {}).ok());
  EXPECT_LT(largest, std::size_t{4} << 20);
}

TEST(Report, BeginsAnewWhereItChangesBetweenTwoPages) {
  Pages pages(1200, {2, 5});
  const ScriptedAgent agent({.get_report = std::ref(pages)});
  const auto report = ReaderOf(agent).GetReport(RoundNow(), {});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->report().tags_size(), 1200);
  for (const v1::TagReport& tag : report->report().tags()) ASSERT_EQ(tag.detail(), "generation 3");
  EXPECT_EQ(pages.rounds(), 1);
}

TEST(Report, ThatNeverStandsStillIsGivenUp) {
  Pages pages(1200, {2, 4, 6, 8, 10, 12});
  const ScriptedAgent agent({.get_report = std::ref(pages)});
  const auto report = ReaderOf(agent).GetReport({}, {});
  EXPECT_TRUE(absl::IsAborted(report.status())) << report.status();
  EXPECT_THAT(std::string(report.status().message()), testing::HasSubstr("changed each of 4 times"));
}

TEST(Report, HasNoTextThatSteersATerminal) {
  const ScriptedAgent agent({.get_report = [](const v1::GetReportRequest&, v1::GetReportResponse& response) {
    response.mutable_report()->add_tags()->set_detail("\x1b[2Jgone");
    response.mutable_failed()->set_detail("a\nb");
    return grpc::Status::OK;
  }});
  const auto report = ReaderOf(agent).GetReport({}, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->report().tags(0).detail(), "\\x1b[2Jgone");
  EXPECT_EQ(report->failed().detail(), "a\\nb");
}

TEST(Report, KeepsWhatItIsAskedFor) {
  v1::GetReportRequest seen;
  const ScriptedAgent agent({.get_report = [&](const v1::GetReportRequest& request, v1::GetReportResponse&) {
    seen = request;
    return grpc::Status::OK;
  }});
  v1::GetReportRequest request;
  request.mutable_filter()->add_patterns("nginx*");
  request.mutable_filter()->set_in_use(true);
  request.set_view(v1::VIEW_FULL);
  ASSERT_TRUE(ReaderOf(agent).GetReport(request, {}).ok());
  EXPECT_TRUE(MessageDifferencer::Equals(seen.filter(), request.filter()));
  EXPECT_EQ(seen.view(), v1::VIEW_FULL);
  EXPECT_FALSE(seen.refresh());
}

TEST(Client, ReadsOneSubjectTheRegistriesAndTheImages) {
  const ScriptedAgent agent({
      .explain =
          [](const v1::ExplainRequest& request, v1::ExplainResponse& response) {
            response.mutable_report()->add_tags()->set_reference(request.name());
            return grpc::Status::OK;
          },
      .list_registries =
          [](const v1::ListRegistriesRequest& request, v1::ListRegistriesResponse& response) {
            response.mutable_report()->add_registries()->set_registry(request.registries(0));
            return grpc::Status::OK;
          },
      .list_images =
          [](const v1::ListImagesRequest& request, v1::ListImagesResponse& response) {
            response.mutable_images()->add_images()->set_reference(request.patterns(0));
            return grpc::Status::OK;
          },
  });
  Client client = ReaderOf(agent);
  v1::ExplainRequest subject;
  subject.set_name("nginx");
  v1::ListRegistriesRequest registries;
  registries.add_registries("docker.io");
  v1::ListImagesRequest images;
  images.add_patterns("redis");
  EXPECT_EQ(client.Explain(subject, {})->tags(0).reference(), "nginx");
  EXPECT_EQ(client.ListRegistries(registries, {})->registries(0).registry(), "docker.io");
  EXPECT_EQ(client.ListImages(images, {})->images(0).reference(), "redis");
}

TEST(Client, EndsACallAtOnceWhenItIsStopped) {
  ScriptedAgent agent({.hangs = true});
  Client client = ReaderOf(agent);
  std::stop_source stop;
  std::chrono::steady_clock::time_point stopped;
  const std::jthread stopping([&] {
    EXPECT_TRUE(agent.AwaitHanging());
    stopped = std::chrono::steady_clock::now();
    stop.request_stop();
  });
  const auto report = client.GetReport({}, {.stop = stop.get_token()});
  EXPECT_TRUE(absl::IsCancelled(report.status())) << report.status();
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, std::chrono::seconds(30));
}

TEST(Client, DoesNotCallAfterTheStop) {
  std::stop_source stop;
  stop.request_stop();
  Client client = Client::Connect(*ParseAddress("/nowhere/agent.sock", {}));
  EXPECT_TRUE(absl::IsCancelled(client.ListImages({}, {.stop = stop.get_token()}).status()));
}

TEST(Client, SaysHowLongItWaited) {
  ScriptedAgent agent({.hangs = true});
  Client reader = ReaderOf(agent);
  const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  const auto report = reader.Explain({}, {.deadline = soon});
  EXPECT_TRUE(absl::IsDeadlineExceeded(report.status())) << report.status();
  EXPECT_THAT(std::string(report.status().message()), testing::HasSubstr("no answer within "));
}

}  // namespace
}  // namespace tagdrift::remote
