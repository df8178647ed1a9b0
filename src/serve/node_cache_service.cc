#include "serve/node_cache_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "serve/unary_call.h"
#include "serve/watcher.h"
#include "serve/worker_call.h"
#include "tagdrift/agent/mirrors.h"
#include "tagdrift/report/report.h"

namespace tagdrift::serve {
namespace {

constexpr std::chrono::minutes kExplainLimit{2};
constexpr std::chrono::seconds kNodeLimit{30};
constexpr int kMostRegistries = 200;

template <class Message>
bool Parse(const grpc::ByteBuffer& bytes, Message& message) {
  grpc::ByteBuffer copy = bytes;
  return grpc::SerializationTraits<Message>::Deserialize(&copy, &message).ok();
}

const grpc::Status& NoReportYet() {
  static const grpc::Status kStatus(grpc::StatusCode::UNAVAILABLE,
                                    "there is no report yet: the first round has not ended");
  return kStatus;
}

grpc::Status BadRequest(const std::string& message) { return {grpc::StatusCode::INVALID_ARGUMENT, message}; }

constexpr char kForeignToken[] = "page_token: none of this agent's";

/// "GENERATION:OFFSET".
struct Page {
  std::uint64_t generation = 0;
  int offset = 0;
};

std::optional<Page> ReadPage(const std::string& token) {
  Page page;
  const char* const end = token.data() + token.size();
  const auto generation = std::from_chars(token.data(), end, page.generation);
  if (generation.ec != std::errc() || generation.ptr == end || *generation.ptr != ':') return std::nullopt;
  const auto offset = std::from_chars(generation.ptr + 1, end, page.offset);
  if (offset.ec != std::errc() || offset.ptr != end || page.offset < 0) return std::nullopt;
  return page;
}

grpc::Status Answer(const Snapshot& snapshot, const v1::GetReportRequest& request, grpc::ByteBuffer& response) {
  Page page{.generation = snapshot.generation()};
  if (!request.page_token().empty()) {
    const auto asked = ReadPage(request.page_token());
    if (!asked) return BadRequest(kForeignToken);
    page = *asked;
  }
  if (page.generation != snapshot.generation()) {
    return {grpc::StatusCode::ABORTED, "the report has changed since the first page; begin anew"};
  }
  const int tags = snapshot.report()->tags_size();
  if (page.offset > tags) return BadRequest(kForeignToken);
  const int size = request.page_size() == 0 ? tags : request.page_size();
  const int end = page.offset + std::min(size, tags - page.offset);
  response = snapshot.Response(page.offset, end, end < tags ? fmt::format("{}:{}", page.generation, end) : "");
  return grpc::Status::OK;
}

}  // namespace

grpc::Status NodeCacheService::Refuse(const grpc::ServerContextBase& context, Refusal why, const std::string& reason,
                                      const std::string& message, absl::Duration retry_after) const {
  shared_.refused(why, entrance_.CallerOf(context).name, message);
  return Refused(why, reason, message, retry_after);
}

grpc::Status NodeCacheService::Admit(const grpc::ServerContextBase& context) const {
  if (entrance_.CallerOf(context).role) return grpc::Status::OK;
  return Refuse(context, Refusal::kNotPermitted, "NOT_A_READER",
                "this agent's configuration lets no name of this certificate read (--reader-name)");
}

grpc::Status NodeCacheService::AdmitRound(const grpc::ServerContextBase& context) const {
  if (grpc::Status admitted = Admit(context); !admitted.ok()) return admitted;
  if (entrance_.CallerOf(context).role == Role::kOperator) return grpc::Status::OK;
  const auto wait = shared_.reader_rounds.Take();
  if (!wait) return grpc::Status::OK;
  return Refuse(context, Refusal::kTooMany, "TOO_MANY_ROUNDS",
                fmt::format("readers may have a round made every 10 s; the next in {}",
                            absl::FormatDuration(absl::Ceil(*wait, absl::Seconds(1)))),
                *wait);
}

grpc::Status NodeCacheService::NoSnapshot(const grpc::ServerContextBase& context, const absl::Status& why) const {
  if (!absl::IsResourceExhausted(why)) return ToGrpc(why);
  return Refuse(context, Refusal::kTooMany, "TOO_MANY_VIEWS", std::string(why.message()), absl::Seconds(10));
}

grpc::Status NodeCacheService::AnswerLatest(const grpc::ServerContextBase& context, const v1::GetReportRequest& request,
                                            grpc::ByteBuffer& response) const {
  const auto published = shared_.board.Latest();
  if (published == nullptr) {
    const auto failure = shared_.board.Failure();
    return failure ? grpc::Status(grpc::StatusCode::UNAVAILABLE, failure->detail()) : NoReportYet();
  }
  const auto snapshot = shared_.views.Of(published, request.filter(), request.view(), entrance_.CallerOf(context));
  if (!snapshot.ok()) return NoSnapshot(context, snapshot.status());
  return Answer(**snapshot, request, response);
}

grpc::ServerUnaryReactor* NodeCacheService::GetReport(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  auto* call = new UnaryCall(shared_.calls, *context);
  v1::GetReportRequest asked;
  grpc::Status status;
  if (!Parse(*request, asked)) {
    status = BadRequest("the request is no GetReportRequest");
  } else if (asked.page_size() < 0) {
    status = BadRequest("page_size: must not be negative");
  } else if (absl::Status filter = CheckFilter(asked.filter()); !filter.ok()) {
    status = ToGrpc(filter);
  } else {
    status = asked.refresh() ? AdmitRound(*context) : Admit(*context);
  }
  absl::StatusOr<std::vector<agent::NamePattern>> anew;
  if (status.ok() && asked.refresh()) {
    anew = PatternsOf(asked.filter());
    status = ToGrpc(anew.status());
  } else if (status.ok()) {
    status = AnswerLatest(*context, asked, *response);
  }
  CountInvalid(shared_.refused, entrance_.CallerOf(*context).name, status);
  if (!status.ok() || !asked.refresh()) {
    call->Answer(status);
    return call;
  }
  shared_.loop.RequestRound(*std::move(anew), call->cancelled(),
                            [this, call, context, response, asked = std::move(asked)](const absl::Status& outcome) {
                              call->Answer(outcome.ok() ? AnswerLatest(*context, asked, *response) : ToGrpc(outcome));
                            });
  return call;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* NodeCacheService::WatchReport(grpc::CallbackServerContext* context,
                                                                          const grpc::ByteBuffer* request) {
  const Caller caller = entrance_.CallerOf(*context);
  v1::WatchReportRequest asked;
  grpc::Status status;
  Grant slot;
  Grant view;
  if (!Parse(*request, asked)) {
    status = BadRequest("the request is no WatchReportRequest");
  } else if (absl::Status filter = CheckFilter(asked.filter()); !filter.ok()) {
    status = ToGrpc(filter);
  } else if (slot = shared_.watching.Take(caller); slot.held == nullptr) {
    status =
        Refuse(*context, Refusal::kTooMany, "TOO_MANY_WATCHERS",
               slot.share_is_taken ? "this caller has its share of the watchers" : "too many watch this agent already",
               absl::Minutes(1));
  } else if (!IsWhole(asked.filter(), asked.view()) &&
             (view = shared_.viewing.Take(caller, ViewKey(asked.filter(), asked.view()))).held == nullptr) {
    status =
        Refuse(*context, Refusal::kTooMany, "TOO_MANY_VIEWS",
               view.share_is_taken ? "this caller has its share of the different filters and views that are watched"
                                   : "too many different filters and views are watched already",
               absl::Minutes(1));
  } else {
    status = asked.refresh() ? AdmitRound(*context) : Admit(*context);
  }
  CountInvalid(shared_.refused, caller.name, status);
  auto* watcher = new Watcher(*this, *context, std::move(asked), std::move(slot.held), std::move(view.held));
  watcher->Begin(status);
  return watcher;
}

grpc::ServerUnaryReactor* NodeCacheService::Explain(grpc::CallbackServerContext* context,
                                                    const v1::ExplainRequest* request, v1::ExplainResponse* response) {
  agent::CheckOptions check = shared_.check;
  check.selection = {};
  check.subject = agent::Subject{request->has_pod()         ? request->pod()
                                 : request->has_reference() ? request->reference()
                                                            : request->name(),
                                 request->has_pod()};
  check.cached_only = true;
  check.all_hosts = true;
  check.rate_class = registry::RateClass::kInteractive;
  grpc::Status status;
  if (check.subject->text.size() > kMostNameBytes) {
    status = BadRequest(fmt::format("{}: at most {} bytes",
                                    request->has_pod()         ? "pod"
                                    : request->has_reference() ? "reference"
                                                               : "name",
                                    kMostNameBytes));
  } else if (const absl::Status subject = agent::CheckSubject(*check.subject); !subject.ok()) {
    status = ToGrpc(subject);
  } else {
    status = AdmitRound(*context);
  }
  return RunCall(shared_, *context, entrance_.CallerOf(*context), status, kExplainLimit,
                 [this, check, response](const CallContext& bounds) {
                   const auto round = shared_.agent.Check(check, bounds);
                   if (!round.ok()) return ToGrpc(round.status());
                   *response->mutable_report() = report::ToMessage(*round, shared_.invocation);
                   return grpc::Status::OK;
                 });
}

grpc::ServerUnaryReactor* NodeCacheService::ListRegistries(grpc::CallbackServerContext* context,
                                                           const v1::ListRegistriesRequest* request,
                                                           v1::ListRegistriesResponse* response) {
  grpc::Status status;
  if (request->registries_size() > kMostRegistries) {
    status = BadRequest(fmt::format("registries: at most {} at a time", kMostRegistries));
  }
  for (const std::string& registry : request->registries()) {
    if (!status.ok()) break;
    if (registry.size() > kMostNameBytes) {
      status = BadRequest(fmt::format("registries: at most {} bytes each", kMostNameBytes));
    } else {
      status = ToGrpc(agent::CheckRegistry(registry));
    }
  }
  if (status.ok()) status = Admit(*context);
  return RunCall(shared_, *context, entrance_.CallerOf(*context), status, kNodeLimit,
                 [this, request, response](const CallContext& bounds) {
                   auto configuration = shared_.agent.Configuration(bounds);
                   if (!configuration.ok()) return ToGrpc(configuration.status());
                   auto configs = agent::RegistriesOf(*configuration,
                                                      {request->registries().begin(), request->registries().end()});
                   for (hosts::RegistryConfig& config : configs) {
                     for (hosts::RegistryHost& host : config.hosts) host.headers.clear();
                   }
                   *response->mutable_report() = report::ToMessage(configs, configuration->settings.notes);
                   return grpc::Status::OK;
                 });
}

grpc::ServerUnaryReactor* NodeCacheService::ListImages(grpc::CallbackServerContext* context,
                                                       const v1::ListImagesRequest* request,
                                                       v1::ListImagesResponse* response) {
  v1::ReportFilter filter;
  *filter.mutable_patterns() = request->patterns();
  grpc::Status status = ToGrpc(CheckFilter(filter));
  auto patterns = agent::ParsePatterns({request->patterns().begin(), request->patterns().end()});
  if (status.ok() && !patterns.ok()) status = ToGrpc(patterns.status());
  if (status.ok()) status = Admit(*context);
  return RunCall(shared_, *context, entrance_.CallerOf(*context), status, kNodeLimit,
                 [this, patterns, response](const CallContext& bounds) {
                   const auto node = shared_.agent.Images({.patterns = *patterns}, bounds);
                   if (!node.ok()) return ToGrpc(node.status());
                   *response->mutable_images() = report::ToMessage(*node, shared_.clock->Wall());
                   return grpc::Status::OK;
                 });
}

}  // namespace tagdrift::serve
