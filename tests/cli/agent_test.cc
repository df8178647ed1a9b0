// Commands that ask a running agent (--agent), which is scripted.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "remote/scripted_agent.h"
#include "running_binary.h"
#include "scripted_scene.h"
#include "tagdrift/v1/report.pb.h"

namespace tagdrift::cli {
namespace {

using remote::ScriptedAgent;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct Ran {
  int exit_code;
  std::string out;
  std::string err;
};

Ran ResultOf(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {}) {
  RunningBinary binary(arguments, environment);
  const int exit_code = binary.AwaitEnd(kEver).value_or(-1);
  return {exit_code, binary.streams().out, binary.streams().err};
}

std::vector<std::string> With(const ScriptedAgent& agent, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--agent", agent.address()});
  return arguments;
}

Ran ResultOf(const ScriptedAgent& agent, const std::vector<std::string>& arguments) {
  return ResultOf(With(agent, arguments));
}

/// What `command` prints on the node itself, and as the message that an agent there would answer.
template <typename Message>
Ran ResultHere(const ScriptedScene& scene, const std::string& command, std::vector<std::string> arguments,
               Message& message) {
  const Ran ran = ResultOf(scene.Arguments(command, arguments));
  arguments.insert(arguments.end(), {"-o", "json"});
  const std::string json = ResultOf(scene.Arguments(command, arguments)).out;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &message).ok()) << json;
  return ran;
}

void MakeNew(v1::NodeReport& report) { report.mutable_checked_at()->set_seconds(time(nullptr)); }

ScriptedAgent::Script Reports(const v1::NodeReport& report) {
  return {.get_report = [report](const v1::GetReportRequest&, v1::GetReportResponse& response) {
    *response.mutable_report() = report;
    return grpc::Status::OK;
  }};
}

v1::NodeReport Stale() {
  v1::NodeReport report;
  MakeNew(report);
  report.mutable_summary()->set_headline("1 of 1 tags is stale");
  report.mutable_summary()->set_tags(1);
  report.mutable_summary()->set_stale(1);
  v1::TagReport& tag = *report.add_tags();
  tag.set_reference("registry.corp/app:v1");
  tag.set_verdict(v1::VERDICT_STALE);
  tag.set_cause(v1::CAUSE_TAG_MOVED);
  v1::Remedy& remedy = *tag.add_remedies();
  remedy.set_kind(v1::REMEDY_KIND_REFRESH);
  remedy.set_detail("bring it");
  remedy.set_command("tagdrift refresh --host-root /host registry.corp/app:v1");
  return report;
}

std::string ReaderSocketIn(const std::string& root) {
  std::filesystem::create_directories(root + "/run/tagdrift");
  return root + "/run/tagdrift/reader.sock";
}

TEST(AgentOption, ChecksAsTheNodeItselfDoes) {
  const ScriptedScene scene;
  v1::NodeReport report;
  const Ran local = ResultHere(scene, "check", {}, report);
  const ScriptedAgent agent(Reports(report));
  for (const char* format : {"table", "wide", "name"}) {
    const Ran here = ResultOf(scene.Arguments("check", {"-o", format, "--all"}));
    const Ran there = ResultOf(agent, {"check", "-o", format, "--all"});
    EXPECT_EQ(there.out, here.out);
    EXPECT_EQ(there.exit_code, here.exit_code);
  }
  EXPECT_EQ(ResultOf(agent, {"check"}).out, local.out);
  EXPECT_EQ(local.exit_code, 1);
}

TEST(AgentOption, AsksForWhatTheArgumentsSelect) {
  v1::GetReportRequest seen;
  const ScriptedAgent agent({.get_report = [&](const v1::GetReportRequest& request, v1::GetReportResponse& response) {
    seen = request;
    *response.mutable_report() = Stale();
    return grpc::Status::OK;
  }});
  const Ran ran =
      ResultOf(agent, {"check", "registry.corp/*", "--ignore", "*:old", "--in-use", "--no-containers", "--refresh"});
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  EXPECT_THAT(seen.filter().patterns(), testing::ElementsAre("registry.corp/*"));
  EXPECT_THAT(seen.filter().ignored(), testing::ElementsAre("*:old"));
  EXPECT_TRUE(seen.filter().in_use());
  EXPECT_TRUE(seen.filter().no_containers());
  EXPECT_TRUE(seen.refresh());
  EXPECT_EQ(seen.view(), v1::VIEW_FULL);
}

TEST(AgentOption, LeavesCommandsAsTheAgentSaysThem) {
  const ScriptedAgent agent(Reports(Stale()));
  EXPECT_THAT(ResultOf(agent, {"check"}).out, HasSubstr("tagdrift refresh --host-root /host registry.corp/app:v1"));
}

TEST(AgentOption, ReadsFiveThousandTags) {
  v1::NodeReport report = Stale();
  for (int i = 0; i < 5000; ++i) {
    v1::TagReport tag = report.tags(0);
    tag.set_reference("registry.corp/team-" + std::to_string(i) + "/app:v1");
    tag.set_detail(std::string(1000, 'x'));
    *report.add_tags() = tag;
  }
  const ScriptedAgent agent({.get_report = [&](const v1::GetReportRequest& request, v1::GetReportResponse& response) {
    const int first = request.page_token().empty() ? 0 : std::stoi(request.page_token());
    const int end = std::min(first + request.page_size(), report.tags_size());
    if (first == 0) *response.mutable_report()->mutable_summary() = report.summary();
    if (first == 0) MakeNew(*response.mutable_report());
    for (int i = first; i < end; ++i) *response.mutable_report()->add_tags() = report.tags(i);
    if (end < report.tags_size()) response.set_next_page_token(std::to_string(end));
    return grpc::Status::OK;
  }});
  const Ran ran = ResultOf(agent, {"check", "-o", "name"});
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 5001) << ran.err;
  EXPECT_EQ(ran.exit_code, 1);
}

TEST(AgentOption, KeepsTablesWithinEightyColumns) {
  const ScriptedAgent agent(Reports(Stale()));
  std::istringstream lines(ResultOf(agent, {"check"}).out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST(AgentOption, ExplainsAsTheNodeItselfDoes) {
  const ScriptedScene scene;
  v1::NodeReport report;
  const Ran local = ResultHere(scene, "explain", {scene.tag()}, report);
  v1::ExplainRequest seen;
  const ScriptedAgent agent({.explain = [&](const v1::ExplainRequest& request, v1::ExplainResponse& response) {
    seen = request;
    *response.mutable_report() = report;
    return grpc::Status::OK;
  }});
  const Ran remote = ResultOf(agent, {"explain", scene.tag()});
  EXPECT_EQ(seen.name(), scene.tag());
  // Of the one run and of the other the answers' times differ.
  EXPECT_EQ(remote.out.substr(0, remote.out.find('\n')), local.out.substr(0, local.out.find('\n')));
  EXPECT_THAT(remote.out, HasSubstr("What to do:"));
  EXPECT_EQ(remote.exit_code, local.exit_code);
  ResultOf(agent, {"explain", "--pod", "shop/web-0"});
  EXPECT_EQ(seen.pod(), "shop/web-0");
}

TEST(AgentOption, ListsImagesAsTheNodeItselfDoes) {
  const ScriptedScene scene;
  v1::ImageList list;
  const Ran local = ResultHere(scene, "images", {}, list);
  const ScriptedAgent agent({.list_images = [&](const v1::ListImagesRequest&, v1::ListImagesResponse& response) {
    *response.mutable_images() = list;
    return grpc::Status::OK;
  }});
  EXPECT_EQ(ResultOf(agent, {"images"}).out, local.out);
}

TEST(AgentOption, ListsMirrorsAsTheNodeItselfDoes) {
  const ScriptedScene scene;
  v1::MirrorsReport report;
  const Ran local = ResultHere(scene, "mirrors", {scene.registry()}, report);
  v1::ListRegistriesRequest seen;
  const ScriptedAgent agent(
      {.list_registries = [&](const v1::ListRegistriesRequest& request, v1::ListRegistriesResponse& response) {
        seen = request;
        *response.mutable_report() = report;
        return grpc::Status::OK;
      }});
  const Ran remote = ResultOf(agent, {"mirrors", scene.registry()});
  EXPECT_EQ(remote.out, local.out);
  EXPECT_EQ(remote.exit_code, local.exit_code);
  EXPECT_EQ(seen.registries(0), scene.registry());
}

/// Tells a plan, and that it was done; of the second reference that it was refused.
template <typename Request, typename Response>
ScriptedAgent::Stream<Request, Response> Acts(Request& seen) {
  return [&seen](const Request& request, grpc::ServerWriter<Response>& writer) {
    seen = request;
    for (const std::string& reference : request.references()) {
      Response plan;
      plan.mutable_plan()->set_reference(reference);
      plan.mutable_plan()->set_to_digest("sha256:" + std::string(64, 'b'));
      if (request.apply()) writer.Write(plan);
      Response outcome;
      *outcome.mutable_outcome()->mutable_plan() = plan.plan();
      outcome.mutable_outcome()->mutable_outcome()->set_state(
          reference != request.references(0) ? v1::ACTION_STATE_REFUSED
                                             : (request.apply() ? v1::ACTION_STATE_DONE : v1::ACTION_STATE_PLANNED));
      writer.Write(outcome);
    }
    return grpc::Status::OK;
  };
}

TEST(AgentOption, Refreshes) {
  v1::RefreshRequest seen;
  const ScriptedAgent agent({.refresh = Acts<v1::RefreshRequest, v1::RefreshResponse>(seen)});
  const Ran planned = ResultOf(agent, {"refresh", "nginx"});
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_THAT(planned.out, StartsWith("1 would be refreshed; nothing is changed without --yes\n"));
  EXPECT_FALSE(seen.apply());
  EXPECT_THAT(seen.references(), testing::ElementsAre("docker.io/library/nginx:latest"));

  const Ran done =
      ResultOf(agent, {"refresh", "--yes", "--allow-older", "--allow-private", "nginx", "redis", "nginx:latest"});
  EXPECT_EQ(done.exit_code, 1) << "one is refused";
  EXPECT_THAT(done.out, StartsWith("1 refreshed, 1 refused\n"));
  EXPECT_THAT(done.err, HasSubstr("bbbbbbbbbbbb")) << "the plan";
  EXPECT_TRUE(seen.apply() && seen.allow_older() && seen.allow_private());
  EXPECT_EQ(seen.references_size(), 2);

  ResultOf(agent, {"refresh", "nginx", "--to", "94ca65e6caf0"});
  EXPECT_EQ(seen.to(), "94ca65e6caf0");
}

TEST(AgentOption, PrePullsAndEvicts) {
  v1::PrePullRequest prepull;
  v1::EvictRequest evict;
  const ScriptedAgent agent({.prepull = Acts<v1::PrePullRequest, v1::PrePullResponse>(prepull),
                             .evict = Acts<v1::EvictRequest, v1::EvictResponse>(evict)});
  const Ran ran = ResultOf(agent, {"prepull", "--yes", "--allow-private", "-o", "json", "nginx"});
  EXPECT_EQ(nlohmann::json::parse(ran.out)["results"][0]["outcome"]["state"], "ACTION_STATE_DONE");
  EXPECT_TRUE(prepull.apply() && prepull.allow_private());
  EXPECT_EQ(ResultOf(agent, {"evict", "--yes", "--force", "--free", "nginx"}).exit_code, 0);
  EXPECT_TRUE(evict.apply() && evict.force() && evict.free());
  EXPECT_EQ(ResultOf(agent, {"evict", "--yes", "--dry-run", "nginx"}).exit_code, 0);
  EXPECT_FALSE(evict.apply());
}

TEST(AgentOption, EndsACheckAtASignal) {
  ScriptedAgent agent({.hangs = true});
  RunningBinary binary(With(agent, {"check"}));
  ASSERT_TRUE(agent.AwaitHanging());
  binary.Signal(SIGINT);
  EXPECT_EQ(binary.AwaitEnd(kEver), 128 + SIGINT);
  EXPECT_THAT(binary.streams().out, IsEmpty());
}

TEST(AgentOption, PrintsWhatIsKnownOfARefreshAtASignal) {
  v1::RefreshRequest seen;
  ScriptedAgent agent({.refresh =
                           [](const v1::RefreshRequest& request, grpc::ServerWriter<v1::RefreshResponse>& writer) {
                             v1::RefreshResponse outcome;
                             outcome.mutable_outcome()->mutable_plan()->set_reference(request.references(0));
                             outcome.mutable_outcome()->mutable_outcome()->set_state(v1::ACTION_STATE_DONE);
                             writer.Write(outcome);
                             v1::RefreshResponse plan;
                             plan.mutable_plan()->set_reference(request.references(1));
                             writer.Write(plan);
                             return grpc::Status::OK;
                           },
                       .hangs = true});
  RunningBinary binary(With(agent, {"refresh", "--yes", "nginx", "redis"}));
  ASSERT_TRUE(agent.AwaitHanging());
  // What the agent wrote has to be read first: it prints the plan.
  while (binary.streams().err.empty() && !binary.AwaitEnd(std::chrono::milliseconds(20))) {
  }
  binary.Signal(SIGTERM);
  EXPECT_EQ(binary.AwaitEnd(kEver), 2);
  EXPECT_THAT(binary.streams().out, StartsWith("1 refreshed, 1 failed\n"));
  EXPECT_THAT(binary.streams().out, HasSubstr("stopped"));
}

TEST(AgentOption, SaysInOneLineWhyThereIsNoAnswer) {
  const Ran missing = ResultOf({"check", "--agent", "unix:///nowhere/reader.sock"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.out, IsEmpty());
  EXPECT_THAT(missing.err, HasSubstr("no agent listens at unix:///nowhere/reader.sock: no such socket"));
  EXPECT_EQ(std::ranges::count(missing.err, '\n'), 1);

  const ScriptedAgent denies({.refresh = [](const v1::RefreshRequest&, auto&) {
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "refresh is not enabled");
  }});
  const Ran denied = ResultOf(denies, {"refresh", "--yes", "nginx"});
  EXPECT_EQ(denied.exit_code, 1) << "refused, as an action on the node itself is";
  EXPECT_THAT(denied.err, HasSubstr("refresh is not enabled"));

  const ScriptedAgent refuses({.get_report = [](const v1::GetReportRequest&, v1::GetReportResponse&) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "filter.patterns: more than 100");
  }});
  EXPECT_EQ(ResultOf(refuses, {"check", "nginx"}).exit_code, 64);
}

TEST(AgentOption, IsAUsageErrorWithWhatOnlyTheNodeItselfHas) {
  struct Row {
    std::vector<std::string> arguments;
    const char* says;
  };
  const std::vector<Row> rows = {
      {{"check", "--host-root", "/host", "--all-hosts"}, "--all-hosts, --host-root do not go with --agent"},
      {{"check", "--runtime-endpoint", "unix:///x"}, "--runtime-endpoint does not go with --agent"},
      {{"check", "--kubeconfig", "f"}, "--kubeconfig does not"},
      {{"check", "--pods-from", "none"}, "--pods-from does not"},
      {{"check", "--state-dir", "d"}, "--state-dir does not"},
      {{"check", "--max-rate", "1"}, "--max-rate does not"},
      {{"explain", "nginx", "--ask-local"}, "--ask-local does not"},
      {{"explain", "nginx", "--origin", "quay.io=https://quay.io"}, "--origin does not"},
      {{"images", "--containerd-config", "f"}, "--containerd-config does not"},
      {{"mirrors", "--registry-config-path", "d"}, "--registry-config-path does not"},
      {{"refresh", "nginx", "--disk-threshold", "90"}, "--disk-threshold does not"},
      {{"prepull", "nginx", "--parallel", "2"}, "--parallel does not"},
      {{"prepull", "nginx", "--auth-file", "f"}, "--auth-file does not"},
      {{"evict", "nginx", "--protect", "x*"}, "--protect does not"},
      {{"check", "--tls-server-name", "x"}, "has no TLS"},
      {{"check", "registry.corp/UPPER"}, "registry.corp/UPPER"},
      {{"mirrors", "https://quay.io"}, "did you mean"},
  };
  for (Row row : rows) {
    row.arguments.insert(row.arguments.end(), {"--agent", "unix:///nowhere/reader.sock"});
    const Ran ran = ResultOf(row.arguments);
    EXPECT_EQ(ran.exit_code, 64) << row.says;
    EXPECT_THAT(ran.err, HasSubstr(row.says));
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
  }
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"check", "--refresh"},
                                                    {"check", "--tls-ca", "f"},
                                                    {"check", "--agent", ""},
                                                    {"check", "--agent", "node-7:9615"},
                                                    {"record", "f", "--agent", "/x"},
                                                    {"replay", "f", "--agent", "/x"}}) {
    EXPECT_EQ(ResultOf(arguments).exit_code, 64) << arguments[1];
  }
}

TEST(AgentOption, CanBeInTheEnvironmentBesideTheRuntimesEndpoint) {
  const ScriptedAgent agent(Reports(Stale()));
  const Ran ran = ResultOf(
      {"check"}, {{"TAGDRIFT_AGENT", agent.address()}, {"CONTAINER_RUNTIME_ENDPOINT", "unix:///nowhere.sock"}});
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("registry.corp/app:v1"));
}

TEST(AgentOption, TellsThatTheReportIsOld) {
  v1::GetReportResponse scripted;
  *scripted.mutable_report() = Stale();
  const ScriptedAgent agent({.get_report = [&](const v1::GetReportRequest&, v1::GetReportResponse& response) {
    response = scripted;
    return grpc::Status::OK;
  }});
  EXPECT_THAT(ResultOf(agent, {"check"}).err, IsEmpty());
  scripted.mutable_report()->mutable_checked_at()->set_seconds(time(nullptr) - 3 * 3600 - 60);
  EXPECT_THAT(ResultOf(agent, {"check"}).err,
              HasSubstr("the agent's report is 3 h old; check --refresh makes a round now"));
  scripted.mutable_failed()->mutable_time()->set_seconds(1764234000);
  scripted.mutable_failed()->set_detail("containerd does not answer");
  const Ran ran = ResultOf(agent, {"check"});
  EXPECT_THAT(ran.err, HasSubstr("3 h old: rounds have failed since, at 2025-11-27T09:00:00Z the latest: containerd "
                                 "does not answer"));
  EXPECT_EQ(ran.exit_code, 1);
  scripted.mutable_report()->mutable_checked_at()->set_seconds(time(nullptr) - 30 * 60 - 5);
  EXPECT_THAT(ResultOf(agent, {"check"}).err, HasSubstr("30 min old: rounds have failed since"));
}

TEST(NodeProblemDetector, ReadsTheReportOfTheAgentOnItsNode) {
  const node::TemporaryFolder root;
  const ScriptedAgent agent(Reports(Stale()), ReaderSocketIn(root.path()));
  const Ran ran = ResultOf({"check", "--in-use", "--npd", "--host-root", root.path()});
  EXPECT_EQ(ran.out, "1 of 1 tags is stale\n") << ran.err;
  EXPECT_EQ(ran.exit_code, 1);
}

TEST(NodeProblemDetector, LooksItselfWhereNoAgentAnswers) {
  const node::TemporaryFolder root;
  const ScriptedAgent agent({.hangs = true}, ReaderSocketIn(root.path()));
  const Ran ran = ResultOf({"check", "--in-use", "--npd", "--host-root", root.path()});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.out, HasSubstr("containerd.sock")) << "the node's own runtime, which is not there";
}

TEST(NodeProblemDetector, LooksItselfWhereItIsToldHow) {
  const ScriptedScene scene;
  const Ran ran = ResultOf(scene.Arguments("check", {"--npd"}));
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.out, HasSubstr("stale"));
}

TEST(NodeProblemDetector, SaysThatTheAgentItIsToldToAskDoesNotAnswer) {
  const Ran ran = ResultOf({"check", "--npd", "--agent", "unix:///nowhere/reader.sock"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.out, StartsWith("no agent listens at unix:///nowhere/reader.sock"));
  EXPECT_LE(ran.out.size(), 81U);
}

}  // namespace
}  // namespace tagdrift::cli
