// What is sent of a report, and what is kept for it.
#include "serve/snapshot.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "long_report.h"
#include "serve/changes.h"
#include "serve/metrics.h"
#include "serve/report_metrics.h"
#include "tagdrift/v1/node_cache.grpc.pb.h"

namespace tagdrift::serve {
namespace {

constexpr int kTagsOfReport = 100;

v1::NodeReport FreshReport() {
  v1::NodeReport report = LongReport(kTagsOfReport, v1::VERDICT_FRESH);
  report.mutable_checked_at()->set_seconds(100);
  (*report.add_registries()->add_summary()->mutable_states())["HOST_STATE_IN_SYNC"] = kTagsOfReport;
  return report;
}

/// With the tags from `begin` on.
v1::NodeReport WithStaleTags(int begin) {
  v1::NodeReport report = FreshReport();
  report.mutable_checked_at()->set_seconds(200);
  for (int i = begin; i < kTagsOfReport; ++i) report.mutable_tags(i)->set_verdict(v1::VERDICT_STALE);
  return report;
}

std::shared_ptr<const SerialisedReport> Serialised(v1::NodeReport report) {
  return std::make_shared<const SerialisedReport>(std::move(report));
}

template <class Message>
Message Parsed(grpc::ByteBuffer bytes) {
  Message message;
  EXPECT_TRUE(grpc::SerializationTraits<Message>::Deserialize(&bytes, &message).ok());
  return message;
}
v1::GetReportResponse Response(const Snapshot& snapshot, int begin, int end) {
  return Parsed<v1::GetReportResponse>(snapshot.Response(begin, end, ""));
}
v1::WatchReportResponse Event(const Snapshot& snapshot, const Snapshot* told) {
  return Parsed<v1::WatchReportResponse>(snapshot.Event(told));
}

/// Where the largest part of the answer ends, in memory.
const std::uint8_t* LastTagOf(const grpc::ByteBuffer& answer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(answer.Dump(&slices).ok());
  return std::ranges::max_element(slices, {}, &grpc::Slice::size)->end();
}

TEST(SerialisedReport, IsTheReport) {
  const SerialisedReport serialised(FreshReport());
  EXPECT_EQ(serialised.tags_size(), kTagsOfReport);
  EXPECT_EQ(serialised.size(), FreshReport().ByteSizeLong());
  EXPECT_EQ(serialised.Parse().SerializeAsString(), FreshReport().SerializeAsString());
  const SerialisedReport nothing{v1::NodeReport()};
  EXPECT_EQ(nothing.tags_size(), 0);
  EXPECT_EQ(nothing.Parse().tags_size(), 0);
}

TEST(SerialisedReport, IsParsedWithAsMuchOfEachTagAsIsWanted) {
  v1::NodeReport report = FreshReport();
  report.mutable_tags(3)->add_remedies()->set_kind(v1::REMEDY_KIND_WAIT);
  const SerialisedReport serialised(report);
  const v1::NodeReport trimmed = serialised.Parse([](v1::TagReport& tag) {
    tag.clear_verdict();
    tag.clear_remedies();
  });
  for (v1::TagReport& tag : *report.mutable_tags()) tag.clear_verdict();
  report.mutable_tags(3)->clear_remedies();
  EXPECT_EQ(trimmed.SerializeAsString(), report.SerializeAsString());
}

TEST(SerialisedReport, GivesRoomBackWithTheLastAnswer) {
  auto room = std::make_shared<int>();
  const std::weak_ptr<int> taken = room;
  auto snapshot =
      std::make_unique<const Snapshot>(1, std::make_shared<const SerialisedReport>(FreshReport(), std::move(room)));
  grpc::ByteBuffer answer = snapshot->Event(nullptr);
  snapshot.reset();
  EXPECT_FALSE(taken.expired());
  answer.Clear();
  EXPECT_TRUE(taken.expired());
}

TEST(Snapshot, PagesAreOfOneSerialisedReport) {
  const Snapshot whole(7, Serialised(FreshReport()));
  const v1::GetReportResponse all = Response(whole, 0, kTagsOfReport);
  EXPECT_EQ(all.report().SerializeAsString(), FreshReport().SerializeAsString());
  EXPECT_EQ(all.generation(), 7U);
  EXPECT_FALSE(all.has_failed());
  const auto first = Parsed<v1::GetReportResponse>(whole.Response(0, 40, "7:40"));
  EXPECT_EQ(first.next_page_token(), "7:40");
  EXPECT_EQ(first.report().tags_size(), 40);
  EXPECT_EQ(first.report().containers_size(), 1);
  const v1::GetReportResponse last = Response(whole, 40, kTagsOfReport);
  ASSERT_EQ(last.report().tags_size(), 60);
  EXPECT_EQ(last.report().tags(0).reference(), FreshReport().tags(40).reference());
  EXPECT_EQ(last.report().node(), "node-1");
  EXPECT_EQ(last.report().checked_at().seconds(), 100);
  EXPECT_EQ(last.report().containers_size(), 0);
  EXPECT_EQ(Response(whole, kTagsOfReport, kTagsOfReport).report().tags_size(), 0);
  const auto* const end = LastTagOf(whole.Response(0, kTagsOfReport, ""));
  EXPECT_EQ(LastTagOf(whole.Response(50, kTagsOfReport, "")), end) << "not copied";
  EXPECT_EQ(LastTagOf(whole.Event(nullptr)), end);
}

TEST(Snapshot, AnswersSayThatRoundsFailedSince) {
  v1::FailedRound failure;
  failure.set_detail("no runtime");
  EXPECT_EQ(Response(Snapshot(1, Serialised(FreshReport()), failure), 0, 1).failed().detail(), "no runtime");
}

TEST(Snapshot, WhoWasToldNothingIsToldTheReport) {
  const v1::WatchReportResponse event = Event(Snapshot(7, Serialised(FreshReport())), nullptr);
  EXPECT_EQ(event.generation(), 7U);
  EXPECT_EQ(event.report().SerializeAsString(), FreshReport().SerializeAsString());
}

TEST(Snapshot, WhoWasToldAnEarlierReportIsToldTheChanges) {
  const Snapshot first(1, Serialised(FreshReport()));
  const Snapshot second(2, Serialised(WithStaleTags(98)), std::nullopt, NewsBetween(FreshReport(), WithStaleTags(98)));
  const Snapshot third(3, Serialised(WithStaleTags(97)), std::nullopt,
                       NewsBetween(WithStaleTags(98), WithStaleTags(97)));
  EXPECT_EQ(Event(second, &first).generation(), 2U);
  EXPECT_EQ(Event(second, &first).changes().SerializeAsString(),
            ChangesBetween(FreshReport(), WithStaleTags(98)).SerializeAsString());
  EXPECT_EQ(Event(third, &second).changes().tags_size(), 1);
  EXPECT_EQ(Event(third, &first).changes().tags_size(), 3) << "as who was busy is";
  EXPECT_EQ(Event(third, &second).changes().tags_size(), 1);
}

TEST(Snapshot, ChangesThatAreNotSmallerAreTheReport) {
  const Snapshot first(1, Serialised(FreshReport()));
  v1::NodeReport other = WithStaleTags(0);
  other.mutable_containers(0)->set_id("another");
  other.clear_registries();
  for (const auto& changes : {NewsBetween(FreshReport(), other), std::optional<v1::ReportChanges>()}) {
    const v1::WatchReportResponse event = Event(Snapshot(2, Serialised(other), std::nullopt, changes), &first);
    EXPECT_TRUE(event.has_report()) << changes.has_value();
    EXPECT_EQ(event.report().tags_size(), kTagsOfReport) << changes.has_value();
  }
}

TEST(LeaveMeasured, ChangesNoMetric) {
  v1::NodeReport report = WithStaleTags(50);
  for (v1::TagReport& tag : *report.mutable_tags()) {
    tag.set_downgrade_risk(true);
    tag.mutable_first_seen()->set_seconds(50);
    tag.mutable_origin()->set_url("https://other.test/v2");
    tag.mutable_origin()->set_source(v1::ORIGIN_SOURCE_SERVER);
    tag.add_used_by()->set_container_id("container");
    tag.add_hosts()->set_state(v1::HOST_STATE_BEHIND);
    tag.add_remedies()->set_kind(v1::REMEDY_KIND_WAIT);
    tag.add_images();
    tag.mutable_next_pull()->set_outcome(v1::OUTCOME_STALE);
  }
  const absl::Time now = absl::FromUnixSeconds(1000);
  const v1::NodeReport measured = SerialisedReport(report).Parse(LeaveMeasured);
  EXPECT_LT(measured.ByteSizeLong(), report.ByteSizeLong());
  EXPECT_EQ(Metrics("1.2.3").Render(&measured, {}, now), Metrics("1.2.3").Render(&report, {}, now));
}

}  // namespace
}  // namespace tagdrift::serve
