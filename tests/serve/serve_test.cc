// The daemon over a node in memory and a scripted registry, asked through its sockets.
#include "tagdrift/serve/serve.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <functional>
#include <set>

#include "agent/scene.h"
#include "daemon.h"
#include "google/rpc/error_details.pb.h"
#include "scrape.h"
#include "served_scene.h"
#include "tagdrift/report/report.h"
#include "tagdrift/v1/node_cache.grpc.pb.h"

namespace tagdrift::serve {
namespace {

using agent::NameOf;
using testing::HasSubstr;

class ServeTest : public ServedScene {
 protected:
  template <class Response, class Request>
  std::pair<grpc::Status, std::vector<Response>> Act(
      std::unique_ptr<grpc::ClientReader<Response>> (v1::NodeCacheActions::Stub::*call)(grpc::ClientContext*,
                                                                                        const Request&),
      const Request& request) {
    grpc::ClientContext context;
    SetDeadline(context);
    const auto stream = ((*daemon_->actions).*call)(&context, request);
    std::vector<Response> events;
    Response event;
    while (stream->Read(&event)) events.push_back(event);
    return {stream->Finish(), std::move(events)};
  }
};

TEST_F(ServeTest, TheReportIsWhatACheckSays) {
  Start();
  ASSERT_TRUE(Get({}).ok());
  EXPECT_EQ(VerdictOf("app:v1"), v1::VERDICT_STALE);
  EXPECT_EQ(VerdictOf("other:v1"), v1::VERDICT_FRESH);
  EXPECT_GE(answer_.generation(), 1U);
  v1::NodeReport checked = report::ToMessage(scene_.Check());
  v1::NodeReport told = answer_.report();
  for (v1::NodeReport* report : {&checked, &told}) {
    report->clear_checked_at();
    for (v1::TagReport& tag : *report->mutable_tags()) {
      for (v1::HostReport& host : *tag.mutable_hosts()) {
        host.clear_checked_at();
        host.clear_latency();
      }
    }
    for (v1::RegistryReport& registry : *report->mutable_registries()) {
      for (v1::HostSummary& host : *registry.mutable_summary()) host.clear_slowest();
    }
  }
  EXPECT_EQ(checked.DebugString(), told.DebugString());
}

TEST_F(ServeTest, AFilterAnswersWhatACheckOfThatPartSays) {
  Start();
  v1::GetReportRequest request;
  request.mutable_filter()->add_patterns("*/other:v1");
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(answer_.report().tags_size(), 1);
  EXPECT_THAT(answer_.report().summary().headline(), HasSubstr("The one tag is fresh"));
  request.mutable_filter()->set_patterns(0, "registry.test/none:v1");
  const grpc::Status status = Get(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("registry.test/none:v1"));
  request.clear_filter();
  request.mutable_filter()->add_verdicts(v1::VERDICT_STALE);
  request.set_view(v1::VIEW_BASIC);
  ASSERT_TRUE(Get(request).ok());
  ASSERT_EQ(answer_.report().tags_size(), 1);
  EXPECT_EQ(answer_.report().tags(0).hosts_size(), 0);
  EXPECT_EQ(answer_.report().summary().tags(), 2);
}

TEST_F(ServeTest, BadRequestsNameTheField) {
  Start();
  v1::GetReportRequest request;
  request.mutable_filter()->set_pod("nonsense");
  EXPECT_EQ(Get(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(Get(request).error_message(), HasSubstr("filter.pod"));
  request.mutable_filter()->clear_pod();
  for (int i = 0; i < 1000; ++i) request.mutable_filter()->add_patterns("x");
  EXPECT_THAT(Get(request).error_message(), HasSubstr("filter.patterns"));
  request.clear_filter();
  request.set_page_token("what?");
  EXPECT_THAT(Get(request).error_message(), HasSubstr("page_token"));
}

TEST_F(ServeTest, LongNamesAreRefusedAndNotRepeated) {
  Start();
  const std::string name = std::string(100'000, 'x') + "/";
  const auto read = [&](auto call, const auto& request, auto response) {
    grpc::ClientContext context;
    SetDeadline(context);
    return ((*daemon_->reader).*call)(&context, request, &response);
  };
  v1::GetReportRequest report;
  report.mutable_filter()->set_pod(name);
  v1::ExplainRequest explain;
  explain.set_reference(name);
  v1::ListRegistriesRequest registries;
  registries.add_registries(name);
  v1::RefreshRequest refresh;
  refresh.add_references(name);
  v1::RefreshRequest back;
  back.add_references(NameOf("app:v1"));
  back.set_to(name);
  for (const auto& [field, status] :
       {std::pair("filter.pod", Get(report)),
        std::pair("reference", read(&v1::NodeCache::Stub::Explain, explain, v1::ExplainResponse())),
        std::pair("registries", read(&v1::NodeCache::Stub::ListRegistries, registries, v1::ListRegistriesResponse())),
        std::pair("references", Act(&v1::NodeCacheActions::Stub::Refresh, refresh).first),
        std::pair("to", Act(&v1::NodeCacheActions::Stub::Refresh, back).first)}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << field;
    EXPECT_THAT(status.error_message(), testing::StartsWith(std::string(field) + ": at most 1024 bytes"));
  }
}

TEST_F(ServeTest, PagesMakeUpTheReport) {
  Start();
  v1::GetReportRequest request;
  request.set_page_size(1);
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(answer_.report().tags_size(), 1);
  EXPECT_TRUE(answer_.report().has_summary());
  request.set_page_token(answer_.next_page_token());
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(answer_.report().tags_size(), 1);
  EXPECT_EQ(answer_.report().tags(0).reference(), NameOf("other:v1"));
  EXPECT_EQ(answer_.next_page_token(), "");
  for (const char* token : {"999:1", "999:1000"}) {
    request.set_page_token(token);
    EXPECT_EQ(Get(request).error_code(), grpc::StatusCode::ABORTED) << "of a report that is gone";
  }
}

TEST_F(ServeTest, AWatcherSeesATagThatMovesOnTheNode) {
  Start();
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = daemon_->reader->WatchReport(&context, {});
  v1::WatchReportResponse event;
  ASSERT_TRUE(stream->Read(&event));
  ASSERT_TRUE(event.has_report());
  EXPECT_EQ(event.report().tags_size(), 2);
  const int asked = scene_.registry.Count("HEAD", "/other/");
  scene_.Cache(NameOf("app:v1"), new_);
  ASSERT_TRUE(stream->Read(&event));
  ASSERT_TRUE(event.has_changes()) << event.DebugString();
  ASSERT_EQ(event.changes().tags_size(), 1);
  EXPECT_EQ(event.changes().tags(0).verdict(), v1::VERDICT_FRESH);
  EXPECT_EQ(scene_.registry.Count("HEAD", "/other/"), asked) << "only what moved is asked about";
  scene_.node.RemoveName(NameOf("other:v1"));
  do {
    ASSERT_TRUE(stream->Read(&event));
  } while (event.changes().gone_tags_size() == 0);
  EXPECT_EQ(event.changes().gone_tags(0), NameOf("other:v1"));
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ServeTest, AWatcherOfSomeIsToldThatOneOfThemIsGone) {
  Start();
  grpc::ClientContext context;
  SetDeadline(context);
  v1::WatchReportRequest request;
  for (const char* name : {"app:v1", "other:v1"}) request.mutable_filter()->add_patterns(NameOf(name));
  const auto stream = daemon_->reader->WatchReport(&context, request);
  v1::WatchReportResponse event;
  ASSERT_TRUE(stream->Read(&event));
  std::set<std::string> told = {NameOf("app:v1"), NameOf("other:v1")};
  for (const char* name : {"other:v1", "app:v1"}) {
    scene_.node.RemoveName(NameOf(name));
    while (told.contains(NameOf(name))) {
      ASSERT_TRUE(stream->Read(&event)) << stream->Finish().error_message();
      for (const std::string& gone : event.changes().gone_tags()) told.erase(gone);
      if (!event.has_report()) continue;  // of the two the smaller one is sent
      told.clear();
      for (const v1::TagReport& tag : event.report().tags()) told.insert(tag.reference());
    }
  }
  EXPECT_EQ(told.size(), 0U);
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ServeTest, WhoAsksBeforeThereIsAReportIsToldWhyThereIsNone) {
  {
    const auto lock = scene_.node.Lock();
    scene_.node.store->error = absl::UnavailableError("containerd is away");
    scene_.node.cri->images_error = absl::UnavailableError("containerd is away");
  }
  daemon_ = std::make_unique<Daemon>(scene_, [](Options& options) { options.spread = absl::Hours(1); });
  v1::GetReportRequest request;
  request.set_refresh(true);
  const grpc::Status status = Get(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("containerd is away"));
  {
    const auto lock = scene_.node.Lock();
    scene_.node.store->error = absl::OkStatus();
    scene_.node.cri->images_error = absl::OkStatus();
  }
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(VerdictOf("app:v1"), v1::VERDICT_STALE);
}

TEST_F(ServeTest, WhoAsksBeforeThereIsAReportHasTheFirstRoundMade) {
  // Nor does a slow start see it begin by itself.
  daemon_ = std::make_unique<Daemon>(scene_, [](Options& options) { options.spread = absl::Hours(24 * 365); });
  v1::GetReportRequest request;
  request.set_refresh(true);
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(VerdictOf("app:v1"), v1::VERDICT_STALE);
  EXPECT_EQ(scene_.registry.Count("HEAD", "/other/"), 1) << "once";
}

TEST_F(ServeTest, AnEditOfHostsTomlIsSeenWithoutARound) {
  Start();
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = daemon_->reader->WatchReport(&context, {});
  v1::WatchReportResponse event;
  ASSERT_TRUE(stream->Read(&event));
  scene_.mirror.Push("app", "v1", old_);
  scene_.mirror.Push("other", "v1", new_);
  scene_.UseMirror();
  do {
    ASSERT_TRUE(stream->Read(&event));
  } while (event.changes().tags_size() == 0 || event.changes().tags(0).cause() != v1::CAUSE_STALE_MIRROR);
  context.TryCancel();
}

TEST_F(ServeTest, ARefreshedReportAsksAnew) {
  Start();
  scene_.registry.Push("app", "v1", old_);
  ASSERT_TRUE(Get({}).ok());
  EXPECT_EQ(VerdictOf("app:v1"), v1::VERDICT_STALE) << "nothing on the node has changed";
  v1::GetReportRequest request;
  request.set_refresh(true);
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(VerdictOf("app:v1"), v1::VERDICT_FRESH);
}

TEST_F(ServeTest, ReadersMayNotHaveRoundsMadeWithoutEnd) {
  Start();
  v1::GetReportRequest request;
  request.set_refresh(true);
  grpc::Status status;
  // Slow ones leave time for more: one is allowed every ten seconds.
  for (int i = 0; i < 20 && status.ok(); ++i) status = Get(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::RetryInfo retry;
  ASSERT_EQ(details.details_size(), 2);
  EXPECT_TRUE(details.details(1).UnpackTo(&retry));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Get(*daemon_->operator_, request).ok()) << "operators may";
}

TEST_F(ServeTest, ExplainsWhatIsCachedAndAsksNobodyAboutOthers) {
  Start();
  v1::ExplainRequest request;
  request.set_reference(NameOf("app:v1"));
  v1::ExplainResponse response;
  {
    grpc::ClientContext context;
    SetDeadline(context);
    ASSERT_TRUE(daemon_->reader->Explain(&context, request, &response).ok());
    ASSERT_EQ(response.report().tags_size(), 1);
  }
  const int asked = scene_.registry.Count();
  request.set_reference(NameOf("secret-project:v1"));
  grpc::ClientContext context;
  SetDeadline(context);
  const grpc::Status status = daemon_->reader->Explain(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("not cached on this node"));
  EXPECT_EQ(scene_.registry.Count(), asked);
}

TEST_F(ServeTest, ListsImagesAndRegistriesWithoutHeaderValues) {
  scene_.WriteHosts("server = \"" + scene_.registry.Url() + "\"\n[header]\nauthorization = \"Bearer sesame\"\n");
  Start();
  grpc::ClientContext images;
  SetDeadline(images);
  v1::ListImagesResponse listed;
  ASSERT_TRUE(daemon_->reader->ListImages(&images, {}, &listed).ok());
  EXPECT_EQ(listed.images().images_size(), 2);
  grpc::ClientContext registries;
  SetDeadline(registries);
  v1::ListRegistriesResponse configured;
  ASSERT_TRUE(daemon_->reader->ListRegistries(&registries, {}, &configured).ok());
  ASSERT_GE(configured.report().registries_size(), 1);
  EXPECT_THAT(configured.DebugString(), testing::Not(HasSubstr("sesame")));
}

TEST_F(ServeTest, ActionsArePlannedOnlyUntilTheyAreTurnedOn) {
  Start();
  v1::RefreshRequest request;
  request.add_references(NameOf("app:v1"));
  auto [planned, events] = Act(&v1::NodeCacheActions::Stub::Refresh, request);
  EXPECT_TRUE(planned.ok()) << planned.error_message();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().outcome().outcome().state(), v1::ACTION_STATE_PLANNED);
  request.set_apply(true);
  const grpc::Status refused = Act(&v1::NodeCacheActions::Stub::Refresh, request).first;
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(refused.error_message(), HasSubstr("--enable-actions refresh"));
  EXPECT_TRUE(daemon_->audit().empty());
}

TEST_F(ServeTest, RefusesActionsAtTheReadersSocketAndCountsIt) {
  Start([](Options& options) {
    options.actions.enabled = {judge::ActionKind::kRefresh};
    options.metrics = kMetricsAddress;
  });
  v1::RefreshRequest request;
  request.add_references(NameOf("app:v1"));
  const auto at_reader = v1::NodeCacheActions::NewStub(daemon_->Channel("reader.sock"));
  for (const bool apply : {false, true}) {
    request.set_apply(apply);
    grpc::ClientContext context;
    SetDeadline(context);
    const grpc::Status refused = at_reader->Refresh(&context, request)->Finish();
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_THAT(refused.error_message(), HasSubstr("actions are for operators"));
    EXPECT_THAT(refused.error_details(), HasSubstr("NOT_AN_OPERATOR"));
  }
  EXPECT_EQ(Refusals("permission"), 2);
  EXPECT_TRUE(daemon_->audit().empty());
}

TEST_F(ServeTest, ARefreshIsDoneAndAuditedWithWhoAsked) {
  scene_.node.LetPull(new_);
  Start([](Options& options) { options.actions.enabled = {judge::ActionKind::kRefresh}; });
  v1::RefreshRequest request;
  request.add_references(NameOf("app:v1"));
  request.set_apply(true);
  const auto [status, events] = Act(&v1::NodeCacheActions::Stub::Refresh, request);
  EXPECT_TRUE(status.ok()) << status.error_message();
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(events.front().has_plan());
  EXPECT_EQ(events.back().outcome().outcome().state(), v1::ACTION_STATE_DONE) << events.back().DebugString();
  ASSERT_FALSE(daemon_->audit().empty());
  EXPECT_THAT(daemon_->audit().front().requester, HasSubstr("at operator.sock"));
  for (const char* asked : {"to", "other"}) {
    v1::EvictRequest evict;
    evict.add_references(NameOf("other:v1"));
    evict.set_apply(true);
    EXPECT_EQ(Act(&v1::NodeCacheActions::Stub::Evict, evict).first.error_code(), grpc::StatusCode::PERMISSION_DENIED)
        << asked;
  }
}

TEST_F(ServeTest, ForceAndOtherDigestsNeedSwitchesOfTheirOwn) {
  Start([](Options& options) {
    options.actions.enabled = {judge::ActionKind::kRefresh, judge::ActionKind::kPrePull, judge::ActionKind::kEvict};
  });
  v1::RefreshRequest back;
  back.add_references(NameOf("app:v1"));
  back.set_apply(true);
  back.set_to(new_.digest().text());
  EXPECT_THAT(Act(&v1::NodeCacheActions::Stub::Refresh, back).first.error_message(), HasSubstr("--allow-to"));
  v1::EvictRequest evict;
  evict.add_references(NameOf("app:v1"));
  evict.set_apply(true);
  evict.set_force(true);
  EXPECT_THAT(Act(&v1::NodeCacheActions::Stub::Evict, evict).first.error_message(), HasSubstr("--allow-force"));
  v1::PrePullRequest prepull;
  prepull.add_references(NameOf("app:v1"));
  prepull.set_apply(true);
  prepull.set_allow_private(true);
  EXPECT_THAT(Act(&v1::NodeCacheActions::Stub::PrePull, prepull).first.error_message(), HasSubstr("--allow-private"));
}

TEST_F(ServeTest, NobodyIsAskedAboutAnUnknownRegistryForAnOperatorEither) {
  Start();
  v1::PrePullRequest request;
  request.add_references("internal.corp/secret:v1");
  const grpc::Status status = Act(&v1::NodeCacheActions::Stub::PrePull, request).first;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("internal.corp/secret is not cached on this node"));
}

TEST_F(ServeTest, APlanIsOfWhatIsCachedUntilItsActionIsTurnedOn) {
  Start();
  v1::PrePullRequest request;
  request.add_references(NameOf("new:v1"));
  scene_.registry.Push("new", "v1", new_);
  const grpc::Status status = Act(&v1::NodeCacheActions::Stub::PrePull, request).first;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(scene_.registry.Count("HEAD", "/new/"), 0);
  daemon_.reset();
  Start([](Options& options) { options.actions.enabled = {judge::ActionKind::kPrePull}; });
  EXPECT_TRUE(Act(&v1::NodeCacheActions::Stub::PrePull, request).first.ok());
  EXPECT_GT(scene_.registry.Count("HEAD", "/new/"), 0);
}

TEST_F(ServeTest, AFailingNodeKeepsTheLastReportAndMarksIt) {
  Start();
  {
    const auto lock = scene_.node.Lock();
    scene_.node.store->error = absl::UnavailableError("containerd is away");
    scene_.node.cri->images_error = absl::UnavailableError("containerd is away");
  }
  v1::GetReportRequest request;
  request.set_refresh(true);
  EXPECT_EQ(Get(request).error_code(), grpc::StatusCode::UNAVAILABLE);
  ASSERT_TRUE(Get({}).ok());
  EXPECT_EQ(answer_.report().tags_size(), 2);
  EXPECT_THAT(answer_.failed().detail(), HasSubstr("containerd is away"));
  {
    const auto lock = scene_.node.Lock();
    scene_.node.store->error = absl::OkStatus();
    scene_.node.cri->images_error = absl::OkStatus();
  }
  EXPECT_TRUE(Await([&] { return Get({}).ok() && !answer_.has_failed(); })) << "it recovers by itself";
}

/// Agents that follow each other with one state folder.
class RestartedTest : public ServeTest {
 protected:
  void StartWithState() {
    Start([&](Options& options) { options.state_dir = state_.path(); });
  }
  void ExpectNobodyIsAskedAgain() {
    const int asked = scene_.registry.Count();
    StartWithState();
    ASSERT_TRUE(Get({}).ok());
    EXPECT_EQ(VerdictOf("app:v1"), v1::VERDICT_STALE);
    EXPECT_EQ(scene_.registry.Count(), asked);
    // It writes to the folder until it has ended.
    daemon_.reset();
  }

  const hosts::TreeFolder state_;
};

TEST_F(RestartedTest, AnAgentAsksNobodyAgain) {
  StartWithState();
  daemon_.reset();
  ExpectNobodyIsAskedAgain();
}

TEST_F(RestartedTest, ALookThatTheStopCutsShortIsNotWhatIsSaved) {
  const auto after_sandboxes = [&](const std::function<void()>& act) {
    const auto lock = scene_.node.Lock();
    scene_.node.cri->after_sandboxes = act;
  };
  StartWithState();
  // The node's files are read next.
  after_sandboxes([daemon = daemon_.get()] { daemon->RequestStop(); });
  v1::GetReportRequest request;
  request.set_refresh(true);
  EXPECT_EQ(Get(request).error_code(), grpc::StatusCode::UNAVAILABLE);
  daemon_.reset();
  after_sandboxes([] {});
  ExpectNobodyIsAskedAgain();
}

TEST_F(ServeTest, StopsWithinASecondAlthoughAWatcherIsFrozen) {
  Start();
  grpc::ClientContext context;
  SetDeadline(context);
  // Nobody reads.
  const auto stream = daemon_->reader->WatchReport(&context, {});
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(daemon_->Stop().ok());
  EXPECT_LT(std::chrono::steady_clock::now() - began, kPatience);
}

}  // namespace
}  // namespace tagdrift::serve
