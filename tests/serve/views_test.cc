// What views of the report hold.
#include "serve/views.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tagdrift/v1/node_cache.grpc.pb.h"

namespace tagdrift::serve {
namespace {

constexpr int kTags = 100;

std::shared_ptr<const Published> PublishedTags(std::uint64_t generation) {
  auto report = std::make_shared<v1::NodeReport>();
  report->set_node("node-1");
  for (int i = 0; i < kTags; ++i) {
    v1::TagReport& tag = *report->add_tags();
    tag.set_reference("registry.test/app-" + std::to_string(i) + std::string(1000, 'x') + ":v1");
    tag.set_verdict(v1::VERDICT_STALE);
  }
  report->add_containers()->set_id("container");
  auto published = std::make_shared<Published>();
  published->generation = generation;
  published->round = std::make_shared<report::Round>();
  published->report = std::move(report);
  return published;
}

/// Of all the tags, but each `number` is a view of its own.
v1::ReportFilter FilterOf(int number) {
  v1::ReportFilter filter;
  for (int i = 0; i <= number; ++i) filter.add_verdicts(v1::VERDICT_STALE);
  return filter;
}

v1::GetReportResponse Parsed(grpc::ByteBuffer bytes) {
  v1::GetReportResponse response;
  EXPECT_TRUE(grpc::SerializationTraits<v1::GetReportResponse>::Deserialize(&bytes, &response).ok());
  return response;
}

class ViewsTest : public testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const Snapshot>> Of(const v1::ReportFilter& filter, const Caller& caller = {}) {
    return views_.Of(published_, filter, v1::VIEW_FULL, caller);
  }
  /// As many as there is room for.
  std::vector<std::shared_ptr<const Snapshot>> All() {
    std::vector<std::shared_ptr<const Snapshot>> held;
    for (int i = 0; i < 100; ++i) {
      auto view = Of(FilterOf(i));
      if (!view.ok()) break;
      held.push_back(*std::move(view));
    }
    return held;
  }

  std::shared_ptr<const Published> published_ = PublishedTags(1);
  Views views_{{}, 1};
};

TEST_F(ViewsTest, TwoAsLargeAsTheReportMayBeHeldAndNoMore) {
  auto held = All();
  EXPECT_EQ(held.size(), 2U);
  EXPECT_TRUE(absl::IsResourceExhausted(Of(FilterOf(50)).status()));
  EXPECT_TRUE(Of({}).ok()) << "the report takes nothing";
  EXPECT_EQ(Of(FilterOf(0)).status().code(), absl::StatusCode::kResourceExhausted) << "it has given way";
  held.pop_back();
  EXPECT_TRUE(Of(FilterOf(51)).ok());
}

TEST_F(ViewsTest, OneReaderLeavesAnotherRoomAndBothLeaveOperatorsSome) {
  const Caller other{.id = "other"};
  const auto held = All();
  EXPECT_EQ(Of(FilterOf(50)).status().message(), "this caller holds its share of the memory for parts of the report");
  const auto of_other = Of(FilterOf(50), other);
  ASSERT_TRUE(of_other.ok()) << of_other.status();
  EXPECT_TRUE(absl::IsResourceExhausted(Of(FilterOf(51), other).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Of(FilterOf(51), {.id = "third"}).status()));
  EXPECT_TRUE(Of(FilterOf(51), {.role = Role::kOperator}).ok());
}

TEST_F(ViewsTest, WhatWatchersAreToldIsMadeOnceHoweverMuchOthersAskFor) {
  Views roomy({}, std::size_t{1} << 30);
  const auto of = [&](int number, Unmatched unmatched) {
    return *roomy.Of(published_, FilterOf(number), v1::VIEW_FULL, {}, unmatched);
  };
  for (int i = 0; i < 100; ++i) of(i, Unmatched::kIsAnError);
  EXPECT_NE(of(99, Unmatched::kIsAnError), of(99, Unmatched::kIsAnError)) << "no more are kept";
  EXPECT_EQ(of(99, Unmatched::kIsNothing), of(99, Unmatched::kIsNothing));
}

TEST(ViewKey, IsOfFilterAndView) {
  EXPECT_EQ(ViewKey({}, v1::VIEW_FULL), "");
  EXPECT_EQ(ViewKey({}, v1::VIEW_UNSPECIFIED), "");
  EXPECT_NE(ViewKey({}, v1::VIEW_BASIC), "");
  EXPECT_NE(ViewKey(FilterOf(0), v1::VIEW_FULL), ViewKey(FilterOf(0), v1::VIEW_BASIC));
  EXPECT_NE(ViewKey(FilterOf(0), v1::VIEW_FULL), ViewKey(FilterOf(1), v1::VIEW_FULL));
}

TEST_F(ViewsTest, ThereIsOneWholeReportHoweverItIsAskedFor) {
  const auto whole = *Of({});
  const auto held = All();
  EXPECT_FALSE(Of(FilterOf(50)).ok());
  EXPECT_EQ(*Of({}), whole) << "though the views that nobody holds have given way";
  v1::ReportFilter from_the_future;
  from_the_future.GetReflection()->MutableUnknownFields(&from_the_future)->AddVarint(99, 1);
  EXPECT_EQ(*Of(from_the_future), whole);
}

TEST_F(ViewsTest, KeepsWhatTheyWereMadeOfNoLongerThanTheBoard) {
  const std::weak_ptr<const Published> published = published_;
  const auto view = *Of(FilterOf(0));
  published_ = PublishedTags(2);
  ASSERT_TRUE(Of({}).ok());
  EXPECT_TRUE(published.expired());
  EXPECT_EQ(view->report().tags_size(), kTags);
}

TEST_F(ViewsTest, AreMadeRoomForByThoseThatNobodyHolds) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Of(FilterOf(i)).ok()) << i;
}

TEST_F(ViewsTest, AnswersHoldWhatTheyAreMadeOf) {
  std::vector<grpc::ByteBuffer> answers;
  for (const auto& view : All()) answers.push_back(view->Response(0, 1, "next"));
  EXPECT_TRUE(absl::IsResourceExhausted(Of(FilterOf(50)).status())) << "by one tag of each";
  answers.clear();
  EXPECT_TRUE(Of(FilterOf(51)).ok());
  for (const auto& view : All()) answers.push_back(view->Event(nullptr));
  EXPECT_TRUE(absl::IsResourceExhausted(Of(FilterOf(52)).status()));
}

TEST_F(ViewsTest, PagesAreOfOneSerialisedReport) {
  const auto whole = *Of({});
  v1::GetReportResponse all = Parsed(whole->Response(0, kTags, ""));
  EXPECT_EQ(all.report().SerializeAsString(), published_->report->SerializeAsString());
  EXPECT_EQ(all.generation(), 1U);
  const v1::GetReportResponse first = Parsed(whole->Response(0, 40, "1:40"));
  EXPECT_EQ(first.next_page_token(), "1:40");
  EXPECT_EQ(first.report().tags_size(), 40);
  EXPECT_EQ(first.report().containers_size(), 1);
  const v1::GetReportResponse last = Parsed(whole->Response(40, kTags, ""));
  ASSERT_EQ(last.report().tags_size(), 60);
  EXPECT_EQ(last.report().tags(0).reference(), published_->report->tags(40).reference());
  EXPECT_EQ(last.report().node(), "node-1");
  EXPECT_EQ(last.report().containers_size(), 0);
  EXPECT_EQ(Parsed(whole->Response(kTags, kTags, "")).report().tags_size(), 0);

  const auto last_tag = [](const grpc::ByteBuffer& answer) {
    std::vector<grpc::Slice> slices;
    EXPECT_TRUE(answer.Dump(&slices).ok());
    return std::ranges::max_element(slices, {}, &grpc::Slice::size)->end();
  };
  EXPECT_EQ(last_tag(whole->Response(0, kTags, "")), last_tag(whole->Response(50, kTags, ""))) << "not copied";
}

TEST_F(ViewsTest, ThoseWhoAreToldTheSameRememberOneReport) {
  const auto first = views_.ToRemember(*Of({}));
  published_ = PublishedTags(1);
  EXPECT_EQ(views_.ToRemember(*Of({})), first);
  published_ = PublishedTags(2);
  EXPECT_NE(views_.ToRemember(*Of({})), first) << "which says something new";
}

}  // namespace
}  // namespace tagdrift::serve
