// What a report says that the one before did not.
#include "serve/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tagdrift::serve {
namespace {

using testing::ElementsAre;

v1::NodeReport Report() {
  v1::NodeReport report;
  report.set_node("node-1");
  for (const char* name : {"registry.test/a:1", "registry.test/b:1"}) {
    v1::TagReport& tag = *report.add_tags();
    tag.set_reference(name);
    tag.set_verdict(v1::VERDICT_FRESH);
    v1::HostReport& host = *tag.add_hosts();
    host.set_url("https://registry.test/v2");
    host.mutable_checked_at()->set_seconds(100);
    host.mutable_latency()->set_nanos(1'000'000);
  }
  report.add_containers()->set_id("c1");
  report.add_registries()->set_registry("registry.test");
  return report;
}

TEST(Changes, TimesOfAnswersAreNothingNew) {
  const v1::NodeReport before = Report();
  v1::NodeReport now = before;
  now.mutable_checked_at()->set_seconds(7);
  now.mutable_tags(0)->mutable_hosts(0)->mutable_checked_at()->set_seconds(200);
  now.mutable_tags(0)->mutable_hosts(0)->mutable_latency()->set_nanos(9);
  EXPECT_FALSE(NewsBetween(before, now));
  EXPECT_EQ(ChangesBetween(before, now).tags_size(), 0);
}

TEST(Changes, AnotherVerdictIsTold) {
  const v1::NodeReport before = Report();
  v1::NodeReport now = before;
  now.mutable_tags(1)->set_verdict(v1::VERDICT_STALE);
  EXPECT_TRUE(NewsBetween(before, now));
  const v1::ReportChanges changes = ChangesBetween(before, now);
  ASSERT_EQ(changes.tags_size(), 1);
  EXPECT_EQ(changes.tags(0).reference(), "registry.test/b:1");
  EXPECT_EQ(changes.containers_size(), 0);
}

TEST(Changes, WhatIsGoneIsToldByItsKey) {
  const v1::NodeReport before = Report();
  v1::NodeReport now = before;
  now.mutable_tags()->DeleteSubrange(0, 1);
  now.clear_containers();
  now.clear_registries();
  const v1::ReportChanges changes = ChangesBetween(before, now);
  EXPECT_THAT(changes.gone_tags(), ElementsAre("registry.test/a:1"));
  EXPECT_THAT(changes.gone_containers(), ElementsAre("c1"));
  EXPECT_THAT(changes.gone_registries(), ElementsAre("registry.test"));
  EXPECT_EQ(changes.tags_size(), 0);
}

TEST(Changes, AFindingOrAnotherSummaryIsNews) {
  const v1::NodeReport before = Report();
  v1::NodeReport now = before;
  now.add_findings()->set_detail("the kubelet does not answer");
  EXPECT_TRUE(NewsBetween(before, now));
  now = before;
  now.mutable_summary()->set_digest_names(4);
  EXPECT_TRUE(NewsBetween(before, now));
}

}  // namespace
}  // namespace tagdrift::serve
