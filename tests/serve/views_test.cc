// What views of the report hold.
#include "serve/views.h"

#include <grpcpp/support/byte_buffer.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "long_report.h"

namespace tagdrift::serve {
namespace {

constexpr int kTags = 100;

std::shared_ptr<const Published> PublishedTags(std::uint64_t generation) {
  auto published = std::make_shared<Published>();
  published->round = std::make_shared<const agent::KeptRound>(report::Round());
  published->report = std::make_shared<const Snapshot>(
      generation, std::make_shared<const SerialisedReport>(LongReport(kTags, v1::VERDICT_STALE)));
  return published;
}

/// Of all the tags, but each `number` is a view of its own.
v1::ReportFilter FilterOf(int number) {
  v1::ReportFilter filter;
  for (int i = 0; i <= number; ++i) filter.add_verdicts(v1::VERDICT_STALE);
  return filter;
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
  EXPECT_EQ(*Of(FilterOf(0)), held[0]) << "what is held gives no way";
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
  EXPECT_NE(ViewKey({}, v1::VIEW_BASIC), ViewKey(FilterOf(0), v1::VIEW_BASIC));
  EXPECT_NE(ViewKey(FilterOf(0), v1::VIEW_FULL), ViewKey(FilterOf(0), v1::VIEW_BASIC));
  EXPECT_EQ(ViewKey(FilterOf(0), v1::VIEW_FULL), ViewKey(FilterOf(0), v1::VIEW_UNSPECIFIED));
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
  ASSERT_TRUE(Of(FilterOf(1)).ok());
  EXPECT_TRUE(published.expired());
  EXPECT_EQ(view->report()->tags_size(), kTags);
}

TEST_F(ViewsTest, OfAnEarlierReportGoAlsoWhereNobodyAsks) {
  const std::weak_ptr<const Snapshot> view = *Of(FilterOf(0));
  views_.KeepOnly(published_);
  EXPECT_FALSE(view.expired());
  views_.KeepOnly(PublishedTags(2));
  EXPECT_TRUE(view.expired());
}

TEST_F(ViewsTest, BasicOnesLackWhatIsLarge) {
  v1::NodeReport report = LongReport(kTags, v1::VERDICT_STALE);
  report.mutable_tags(7)->add_hosts()->set_url("https://registry.test/v2");
  auto published = std::make_shared<Published>(*published_);
  published->report = std::make_shared<const Snapshot>(1, std::make_shared<const SerialisedReport>(report));
  const auto basic = *views_.Of(published, {}, v1::VIEW_BASIC, Caller());
  EXPECT_EQ(basic->report()->Parse().SerializeAsString(), LongReport(kTags, v1::VERDICT_STALE).SerializeAsString());
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

}  // namespace
}  // namespace tagdrift::serve
