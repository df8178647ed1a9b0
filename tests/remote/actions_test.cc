// Actions of an agent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "scripted_agent.h"
#include "tagdrift/remote/client.h"

namespace tagdrift::remote {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Client ClientOf(const ScriptedAgent& agent) { return Client::Connect(*ParseAddress(agent.address(), {})); }

v1::RefreshRequest Of(const std::vector<std::string>& references, bool apply = true) {
  v1::RefreshRequest request;
  for (const std::string& reference : references) request.add_references(reference);
  request.set_apply(apply);
  return request;
}

template <typename Response>
Response PlanOf(const std::string& reference) {
  Response response;
  response.mutable_plan()->set_action(v1::ACTION_REFRESH);
  response.mutable_plan()->set_reference(reference);
  response.mutable_plan()->set_to_digest("sha256:new");
  return response;
}

template <typename Response>
Response OutcomeOf(const std::string& reference, v1::ActionState state) {
  Response response;
  response.mutable_outcome()->mutable_plan()->set_action(v1::ACTION_REFRESH);
  response.mutable_outcome()->mutable_plan()->set_reference(reference);
  response.mutable_outcome()->mutable_outcome()->set_state(state);
  return response;
}

constexpr auto Plan = PlanOf<v1::RefreshResponse>;
constexpr auto Outcome = OutcomeOf<v1::RefreshResponse>;

TEST(Act, TellsThePlanAndTheProgressAndAnswersOneResultPerReference) {
  v1::RefreshRequest seen;
  const ScriptedAgent agent({.refresh = [&](const v1::RefreshRequest& request, auto& writer) {
    seen = request;
    writer.Write(Plan("r/a:1"));
    writer.Write(Plan("r/b:1"));
    v1::RefreshResponse response;
    response.mutable_progress()->set_reference("r/a:1");
    response.mutable_progress()->set_bytes_done(7);
    writer.Write(response);
    writer.Write(Outcome("r/b:1", v1::ACTION_STATE_REFUSED));
    writer.Write(Outcome("r/a:1", v1::ACTION_STATE_DONE));
    return grpc::Status::OK;
  }});
  std::vector<std::string> planned;
  std::int64_t done = 0;
  v1::RefreshRequest request = Of({"r/a:1", "r/b:1"});
  request.set_allow_older(true);
  const auto report =
      ClientOf(agent).Act(request,
                          {.plan = [&](const v1::Plan& plan) { planned.push_back(plan.reference()); },
                           .progress = [&](const v1::ActionProgress& progress) { done = progress.bytes_done(); }},
                          {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(seen.apply());
  EXPECT_TRUE(seen.allow_older());
  EXPECT_THAT(planned, ElementsAre("r/a:1", "r/b:1"));
  EXPECT_EQ(done, 7);
  ASSERT_EQ(report->results_size(), 2);
  EXPECT_EQ(report->results(0).plan().reference(), "r/a:1");
  EXPECT_EQ(report->results(0).outcome().state(), v1::ACTION_STATE_DONE);
  EXPECT_EQ(report->results(1).outcome().state(), v1::ACTION_STATE_REFUSED);
  EXPECT_EQ(report->headline(), "1 refreshed, 1 refused");
}

TEST(Act, CallsEachActionByItsName) {
  const ScriptedAgent agent({
      .prepull =
          [](const v1::PrePullRequest& request, auto& writer) {
            writer.Write(OutcomeOf<v1::PrePullResponse>(request.references(0), v1::ACTION_STATE_DONE));
            return grpc::Status::OK;
          },
      .evict =
          [](const v1::EvictRequest& request, auto& writer) {
            EXPECT_TRUE(request.force() && request.free());
            writer.Write(OutcomeOf<v1::EvictResponse>(request.references(0), v1::ACTION_STATE_RACED));
            return grpc::Status(grpc::StatusCode::ABORTED, "raced");
          },
  });
  Client client = ClientOf(agent);
  v1::PrePullRequest prepull;
  prepull.add_references("r/a:1");
  v1::EvictRequest evict;
  evict.add_references("r/a:1");
  evict.set_force(true);
  evict.set_free(true);
  EXPECT_EQ(client.Act(prepull, {}, {})->results(0).outcome().state(), v1::ACTION_STATE_DONE);
  EXPECT_EQ(client.Act(evict, {}, {})->results(0).outcome().state(), v1::ACTION_STATE_RACED);
}

TEST(Act, KeepsTheOutcomesOfACallThatFails) {
  const ScriptedAgent agent({.refresh = [](const v1::RefreshRequest&, auto& writer) {
    writer.Write(Plan("r/a:1"));
    writer.Write(Outcome("r/a:1", v1::ACTION_STATE_DONE));
    writer.Write(Plan("r/b:1"));
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "containerd is gone");
  }});
  const auto report = ClientOf(agent).Act(Of({"r/a:1", "r/b:1", "r/c:1"}), {}, {});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->results_size(), 3);
  EXPECT_EQ(report->results(0).outcome().state(), v1::ACTION_STATE_DONE);
  EXPECT_EQ(report->results(1).outcome().state(), v1::ACTION_STATE_FAILED);
  EXPECT_EQ(report->results(1).plan().to_digest(), "sha256:new");
  EXPECT_THAT(report->results(1).outcome().detail(), HasSubstr("containerd is gone"));
  EXPECT_THAT(report->results(1).outcome().detail(), HasSubstr("puts back by itself"));
  EXPECT_THAT(report->results(2).outcome().detail(), testing::Not(HasSubstr("puts back")));
  EXPECT_EQ(report->results(2).plan().reference(), "r/c:1");
}

TEST(Act, DoesNotTakeSilenceForAnOutcome) {
  const ScriptedAgent agent({.refresh = [](const v1::RefreshRequest&, auto& writer) {
    writer.Write(Outcome("r/of-nobody:1", v1::ACTION_STATE_DONE));
    writer.Write(v1::RefreshResponse());
    return grpc::Status::OK;
  }});
  const auto report = ClientOf(agent).Act(Of({"r/a:1"}), {}, {});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->results_size(), 1);
  EXPECT_EQ(report->results(0).outcome().state(), v1::ACTION_STATE_FAILED);
  EXPECT_THAT(report->results(0).outcome().detail(), HasSubstr("without the outcome"));
}

TEST(Act, IsAnErrorWhereTheWholeCallIsRefused) {
  const ScriptedAgent agent({.refresh = [](const v1::RefreshRequest&, auto&) {
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "refresh is not enabled");
  }});
  const auto report = ClientOf(agent).Act(Of({"r/a:1"}), {}, {});
  EXPECT_TRUE(absl::IsPermissionDenied(report.status())) << report.status();
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("refresh is not enabled"));
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("--enable-actions"));
}

TEST(Act, ThatIsStoppedSaysWhatIsKnownAtOnce) {
  ScriptedAgent agent({.refresh =
                           [](const v1::RefreshRequest&, auto& writer) {
                             writer.Write(Outcome("r/a:1", v1::ACTION_STATE_DONE));
                             writer.Write(Plan("r/b:1"));
                             return grpc::Status::OK;
                           },
                       .hangs = true});
  Client client = ClientOf(agent);
  std::stop_source stop;
  std::chrono::steady_clock::time_point stopped;
  const auto report = client.Act(Of({"r/a:1", "r/b:1"}),
                                 {.plan =
                                      [&](const v1::Plan&) {
                                        stopped = std::chrono::steady_clock::now();
                                        stop.request_stop();
                                      }},
                                 {.stop = stop.get_token()});
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, std::chrono::seconds(30));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->results(0).outcome().state(), v1::ACTION_STATE_DONE);
  EXPECT_THAT(report->results(1).outcome().detail(), HasSubstr("stopped"));
}

}  // namespace
}  // namespace tagdrift::remote
