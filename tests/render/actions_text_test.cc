#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tagdrift/render/exit_code.h"
#include "tagdrift/render/render.h"

namespace tagdrift::render {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kDigest = "sha256:" + std::string(64, 'a');

v1::ActionResult Result(v1::ActionState state) {
  v1::ActionResult result;
  v1::Plan& plan = *result.mutable_plan();
  plan.set_reference("registry.test/app:v1");
  plan.set_from_digest(kDigest);
  v1::Step& step = *plan.add_steps();
  step.set_kind(v1::STEP_KIND_PULL);
  step.set_subject("registry.test/app@" + kDigest);
  step.set_reason("by digest");
  plan.set_bytes_to_come(3 << 20);
  v1::Refusal& refusal = *plan.add_refusals();
  refusal.set_kind(v1::REFUSAL_KIND_PINNED);
  refusal.set_detail("pinned in the runtime");
  refusal.set_can_be_forced(true);
  plan.add_names_go("registry.test/app@" + kDigest);
  result.mutable_outcome()->set_state(state);
  result.mutable_outcome()->add_left("the name registry.test/app");
  return result;
}

int ExitOf(const std::vector<v1::ActionState>& states) {
  v1::ActionReport report;
  for (const v1::ActionState state : states) *report.add_results() = Result(state);
  return ExitCode(report);
}

TEST(ActionText, ShowsAPlanWithShortDigestsWhereTheyAreRead) {
  const std::string text = Render(Result(v1::ACTION_STATE_PLANNED).plan(), Style{});
  EXPECT_THAT(text, HasSubstr("1.    PULL registry.test/app@sha256:aaaaaaaaaaaa: by digest"));
  EXPECT_THAT(text, HasSubstr("come  3.0 MiB"));
  EXPECT_THAT(text, HasSubstr("PINNED: pinned in the runtime (--force overrides it)"));
}

TEST(ActionText, ListsNamesThatGoInFull) {
  EXPECT_THAT(Render(Result(v1::ACTION_STATE_PLANNED).plan(), Style{}),
              HasSubstr("gone  registry.test/app@" + kDigest));
}

TEST(ActionText, SaysWhatIsLeftBehind) {
  const std::string text = Render(Result(v1::ACTION_STATE_FAILED), Style{});
  EXPECT_THAT(text, HasSubstr("registry.test/app:v1: FAILED"));
  EXPECT_THAT(text, HasSubstr("left  the name registry.test/app"));
}

TEST(ActionText, SaysThatItLastsOnlyOfWhatWasDone) {
  for (const auto state : {v1::ACTION_STATE_STOPPED, v1::ACTION_STATE_FAILED, v1::ACTION_STATE_RACED,
                           v1::ACTION_STATE_REFUSED, v1::ACTION_STATE_DONE, v1::ACTION_STATE_NOTHING_TO_DO}) {
    v1::ActionResult result = Result(state);
    result.mutable_plan()->mutable_durability()->set_durable(v1::DURABLE_YES);
    const bool as_planned = state == v1::ACTION_STATE_DONE || state == v1::ACTION_STATE_NOTHING_TO_DO;
    EXPECT_EQ(Render(result, Style{}).find("lasts YES") != std::string::npos, as_planned)
        << v1::ActionState_Name(state);
  }
}

TEST(ActionText, ShowsTheNewPlanAfterARace) {
  v1::ActionResult result = Result(v1::ACTION_STATE_RACED);
  EXPECT_THAT(Render(result, Style{}), Not(HasSubstr("would be done now")));
  *result.mutable_new_plan() = result.plan();
  EXPECT_THAT(Render(result, Style{}), HasSubstr("would be done now"));
}

TEST(ActionText, DoesNotLetNamesSteerTheTerminal) {
  v1::ActionResult result = Result(v1::ACTION_STATE_FAILED);
  result.mutable_outcome()->set_detail("\033[31mred");
  EXPECT_EQ(Render(result, Style{}).find('\033'), std::string::npos);
}

v1::LogRecord Audited() {
  v1::LogRecord record;
  record.mutable_time()->set_seconds(1'700'000'000);
  record.set_level("audit");
  v1::AuditRecord& audit = *record.mutable_audit();
  audit.set_node("node-1");
  audit.set_requester("uid 0");
  audit.set_request_id("ab12");
  audit.set_action(v1::ACTION_REFRESH);
  audit.set_reference("registry.test/app:v1");
  audit.set_event(v1::AUDIT_EVENT_UNSURE);
  audit.set_change("re-point registry.test/app:v1");
  audit.set_detail("no\nanswer");
  return record;
}

TEST(LogLine, SaysWhoChangedWhatWhereAndWhen) {
  EXPECT_EQ(LogLine(Audited(), false),
            "tagdrift: audit: 2023-11-14T22:13:20Z node=node-1 by=\"uid 0\" request=ab12 refresh registry.test/app:v1: "
            "unsure: re-point registry.test/app:v1: no\\nanswer\n");
}

TEST(LogLine, IsOneLineOfJsonOnRequest) {
  const std::string line = LogLine(Audited(), true);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_THAT(line, HasSubstr(R"("requester":"uid 0","requestId":"ab12","action":"ACTION_REFRESH")"));
  EXPECT_THAT(line, HasSubstr(R"("time":"2023-11-14T22:13:20Z")"));
  v1::LogRecord warning;
  warning.set_level("warning");
  warning.set_message("a \"word\"");
  EXPECT_THAT(LogLine(warning, true), HasSubstr(R"("level":"warning","message":"a \"word\"")"));
  EXPECT_EQ(LogLine(warning, false), "tagdrift: a \"word\"\n");
}

TEST(SizeText, PicksTheUnit) {
  EXPECT_EQ(SizeText(0), "0 B");
  EXPECT_EQ(SizeText(1023), "1023 B");
  EXPECT_EQ(SizeText(1536), "1.5 KiB");
  EXPECT_EQ(SizeText(std::int64_t{5} << 40), "5.0 TiB");
}

TEST(ActionExitCode, IsTheWorstOfAll) {
  EXPECT_EQ(ExitOf({v1::ACTION_STATE_DONE, v1::ACTION_STATE_NOTHING_TO_DO, v1::ACTION_STATE_PLANNED}), 0);
  EXPECT_EQ(ExitOf({v1::ACTION_STATE_DONE, v1::ACTION_STATE_RACED}), 2);
  EXPECT_EQ(ExitOf({v1::ACTION_STATE_STOPPED}), 2);
  EXPECT_EQ(ExitOf({v1::ACTION_STATE_FAILED, v1::ACTION_STATE_REFUSED}), 1);
}

}  // namespace
}  // namespace tagdrift::render
