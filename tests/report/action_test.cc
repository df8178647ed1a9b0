#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tagdrift/report/report.h"

namespace tagdrift::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

hosts::RegistryHost Host(const std::string& name) {
  hosts::RegistryHost host;
  host.scheme = "https";
  host.host = name;
  host.path = "/v2";
  return host;
}

/// A refresh behind mirror.test, which undoes it.
ActionResult Refreshed() {
  ActionResult result{.plan = {.reference = *image::Reference::Parse("registry.test/app:v1")}};
  hosts::RegistryConfig config;
  config.registry = "registry.test";
  config.hosts = {Host("mirror.test"), Host("registry.test")};
  result.route = judge::MakeRoute(std::move(config), {2, 1, 9}, std::nullopt);
  result.plan.from = image::Digest::OfBytes("old");
  result.plan.to = image::Digest::OfBytes("new");
  result.plan.steps = {{judge::StepKind::kPull, "registry.test/app@new"},
                       {judge::StepKind::kRepoint, "registry.test/app:v1"}};
  result.plan.deliverer = 1;
  result.plan.bytes_to_come = 4096;
  result.plan.durable = judge::Durable::kNo;
  result.plan.next_pull = result.plan.from;
  result.plan.next_pull_host = 0;
  result.plan.used_by = {{.id = "c1", .name = "app", .pod_namespace = "prod", .pod_name = "app-1", .state = "running"}};
  result.outcome.state = ActionState::kDone;
  result.outcome.target = result.plan.to;
  return result;
}

v1::ActionReport ReportOf(const std::vector<std::pair<ActionState, int>>& counts) {
  v1::ActionReport report;
  for (const auto& [state, count] : counts) {
    ActionResult result = Refreshed();
    result.outcome.state = state;
    for (int i = 0; i < count; ++i) *report.add_results() = ToMessage(result);
  }
  return report;
}

TEST(ActionMessage, LetsNoTextSteerATerminal) {
  ActionResult result = Refreshed();
  result.outcome.detail = "\033[2J";
  result.new_plan = result.plan;
  result.new_plan->disk_note = "\033[2J";
  const v1::ActionResult message = ToMessage(result);
  EXPECT_EQ(message.outcome().detail(), "\\x1b[2J");
  EXPECT_THAT(message.new_plan().notes(), testing::Contains(HasSubstr("\\x1b[2J")));
}

TEST(ActionMessage, SaysWhoDeliversAndWhoUndoesIt) {
  const v1::ActionResult message = ToMessage(Refreshed());
  EXPECT_EQ(message.plan().deliverer(), "https://registry.test/v2");
  EXPECT_EQ(message.plan().durability().durable(), v1::DURABLE_NO);
  EXPECT_EQ(message.plan().durability().host(), "https://mirror.test/v2");
  EXPECT_THAT(message.plan().durability().detail(), HasSubstr("Always"));
  EXPECT_EQ(message.plan().durability().used_by(0).pod().name(), "app-1");
  EXPECT_THAT(message.plan().notes(), ElementsAre(HasSubstr("from undoing this")));
  EXPECT_EQ(message.outcome().target_digest(), message.plan().to_digest());
}

TEST(ActionMessage, BlamesNoMirrorWhenTheOriginItselfUndoesIt) {
  ActionResult result = Refreshed();
  result.plan.next_pull_host = 1;
  EXPECT_THAT(ToMessage(result).plan().notes(), Not(testing::Contains(HasSubstr("mirror.test"))));
}

TEST(ActionMessage, SaysWhereAMirrorIsKeptFromUndoingIt) {
  ActionResult result = Refreshed();
  result.plan.first =
      judge::Remedy{.kind = judge::RemedyKind::kFixHostsToml, .host = 0, .fix = judge::Fix::kTakeResolve};
  result.plan.first->file = "/etc/containerd/certs.d/registry.test/hosts.toml";
  result.plan.first->line = 4;
  EXPECT_THAT(ToMessage(result).plan().notes(),
              ElementsAre("first, in /etc/containerd/certs.d/registry.test/hosts.toml:4: take `resolve` from the "
                          "capabilities of https://mirror.test/v2"));
  result.plan.first = judge::Remedy{.kind = judge::RemedyKind::kPurgeMirror, .host = 0};
  EXPECT_THAT(ToMessage(result).plan().notes(), ElementsAre(HasSubstr("https://mirror.test/v2 ask for the tag anew")));
}

TEST(ActionMessage, SaysWhenWhichImageIsNewerIsNotKnown) {
  ActionResult result = Refreshed();
  result.plan.age = judge::Age{};
  EXPECT_THAT(ToMessage(result).plan().notes(), testing::Contains(HasSubstr("which is newer is not known")));
  result.plan.age->direction = judge::Direction::kOlder;
  EXPECT_THAT(ToMessage(result).plan().notes(), Not(testing::Contains(HasSubstr("newer"))));
}

TEST(ActionMessage, TellsWhatAPrivateImageMeans) {
  ActionResult result = Refreshed();
  result.plan.needs_credentials = true;
  EXPECT_THAT(ToMessage(result).plan().notes(), testing::Contains(HasSubstr("every pod on this node")));
}

TEST(ActionMessage, SaysThatAnEvictionFreesNothing) {
  ActionResult result = Refreshed();
  result.plan.action = judge::ActionKind::kEvict;
  result.plan.steps = {{judge::StepKind::kDeleteName, "registry.test/app:v1"}};
  result.plan.kept_because = "1 container holds the image";
  const v1::Plan plan = ToMessage(result).plan();
  EXPECT_THAT(plan.notes(), testing::Contains(HasSubstr("0 bytes are freed")));
  EXPECT_THAT(plan.notes(), testing::Contains(HasSubstr("1 container holds the image")));
  EXPECT_FALSE(plan.has_durability());
}

TEST(ActionMessage, MarksRefusalsThatForceOverrides) {
  ActionResult result = Refreshed();
  result.plan.refusals = {{judge::RefusalKind::kPinned, "pinned"}, {judge::RefusalKind::kDiskTooFull, "full"}};
  const v1::Plan plan = ToMessage(result).plan();
  EXPECT_TRUE(plan.refusals(0).can_be_forced());
  EXPECT_FALSE(plan.refusals(1).can_be_forced());
}

TEST(ActionHeadline, CountsWhatHappened) {
  EXPECT_EQ(ActionHeadline(ReportOf({{ActionState::kDone, 2}, {ActionState::kRefused, 1}})), "2 refreshed, 1 refused");
  EXPECT_EQ(ActionHeadline(ReportOf({{ActionState::kPlanned, 1}})),
            "1 would be refreshed; nothing is changed without --yes");
}

TEST(ActionHeadline, FitsIntoALine) {
  EXPECT_LE(ActionHeadline(ReportOf({{ActionState::kDone, 100},
                                     {ActionState::kRaced, 100},
                                     {ActionState::kFailed, 100},
                                     {ActionState::kStopped, 100},
                                     {ActionState::kRefused, 100},
                                     {ActionState::kNothingToDo, 100},
                                     {ActionState::kPlanned, 100}}))
                .size(),
            80U);
}

}  // namespace
}  // namespace tagdrift::report
