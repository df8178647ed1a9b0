#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "tagdrift/render/render.h"

namespace tagdrift::render {
namespace {

v1::NodeReport Report() {
  v1::NodeReport report;
  report.set_node("node-1");
  v1::TagReport& tag = *report.add_tags();
  tag.set_reference("registry.test/app:latest");
  tag.set_verdict(v1::VERDICT_STALE);
  tag.set_cause(v1::CAUSE_STALE_MIRROR);
  tag.set_size_bytes(5'000'000'000);
  tag.add_hosts()->mutable_latency()->set_nanos(50'000'000);
  v1::RegistryHost& host = *report.add_registries()->add_hosts();
  (*host.mutable_headers())["x-a"].add_values()->set_string_value("1");
  return report;
}

TEST(Json, IsTheMessagesCanonicalForm) {
  const std::string json = Render(Report(), Format::kJson, {});
  for (const char* part :
       {R"("verdict": "VERDICT_STALE")", R"("cause": "CAUSE_STALE_MIRROR")", R"("sizeBytes": "5000000000")",
        R"("latency": "0.050s")", R"("downgradeRisk": false)", R"("usedBy": [])"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " is not in\n" << json;
  }
}

TEST(Json, ShowsHeadersAsPlainLists) {
  std::string json = Render(Report(), Format::kJson, {});
  std::erase_if(json, [](char c) { return c == ' ' || c == '\n'; });
  EXPECT_NE(json.find(R"("headers":{"x-a":["1"]})"), std::string::npos) << json;
}

/// The order of a Protobuf map differs from one object to the next.
TEST(Json, EqualReportsAreEqualText) {
  v1::NodeReport report = Report();
  v1::HostSummary& summary = *report.add_registries()->add_summary();
  for (int i = 0; i < 20; ++i) (*summary.mutable_states())[std::to_string(i)] = i;
  const std::string json = Render(report, Format::kJson, {});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Render(v1::NodeReport(report), Format::kJson, {}), json);
}

TEST(Json, ReadsBackToTheSameMessage) {
  v1::NodeReport back;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(Render(Report(), Format::kJson, {}), &back).ok());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(back, Report()));
}

}  // namespace
}  // namespace tagdrift::render
