#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "serve/board.h"
#include "serve/caller.h"
#include "serve/limits.h"
#include "serve/loop.h"
#include "serve/refusal.h"
#include "serve/stuck_calls.h"
#include "serve/views.h"
#include "serve/workers.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/v1/node_cache.grpc.pb.h"

namespace tagdrift::serve {

/// What all ways in to NodeCache share. What it refers to outlives the services.
struct NodeCacheContext {
  agent::Agent& agent;
  Board& board;
  Loop& loop;
  Views& views;
  Workers& workers;
  StuckCalls& calls;
  OnRefusal refused;
  agent::CheckOptions check;  ///< what `Explain` takes its origins from
  report::Invocation invocation;
  std::shared_ptr<const Clock> clock = SystemClock();
  /// Of readers; an operator may always have one.
  TokenBucket reader_rounds{0.1, 3, clock};
  Slots working{8, 2};        ///< calls that ask the node or registries
  Slots answering{64, 16};    ///< such calls, until their answer has been taken
  Slots watching{2000, 500};  ///< streams
  /// Filtered and BASIC views that are watched: each is made anew for each report.
  SharedSlots viewing{64, 16};
};

/// NodeCache at one entrance. Calls that are answered from the board take no thread; the others have one of a few
/// workers. Thread safe.
class NodeCacheService final
    : public v1::NodeCache::WithRawCallbackMethod_GetReport<v1::NodeCache::WithRawCallbackMethod_WatchReport<
          v1::NodeCache::WithCallbackMethod_Explain<v1::NodeCache::WithCallbackMethod_ListRegistries<
              v1::NodeCache::WithCallbackMethod_ListImages<v1::NodeCache::Service>>>>> {
 public:
  NodeCacheService(NodeCacheContext& shared, const Entrance& entrance) : shared_(shared), entrance_(entrance) {}

  grpc::ServerUnaryReactor* GetReport(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchReport(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* Explain(grpc::CallbackServerContext* context, const v1::ExplainRequest* request,
                                    v1::ExplainResponse* response) override;
  grpc::ServerUnaryReactor* ListRegistries(grpc::CallbackServerContext* context,
                                           const v1::ListRegistriesRequest* request,
                                           v1::ListRegistriesResponse* response) override;
  grpc::ServerUnaryReactor* ListImages(grpc::CallbackServerContext* context, const v1::ListImagesRequest* request,
                                       v1::ListImagesResponse* response) override;

 private:
  friend class Watcher;

  grpc::Status Refuse(const grpc::ServerContextBase& context, Refusal why, const std::string& reason,
                      const std::string& message, absl::Duration retry_after = absl::ZeroDuration()) const;
  /// Whether the caller may read.
  grpc::Status Admit(const grpc::ServerContextBase& context) const;
  /// And have a round made now.
  grpc::Status AdmitRound(const grpc::ServerContextBase& context) const;
  /// What is answered where there is no view, by why that is so.
  grpc::Status NoSnapshot(const grpc::ServerContextBase& context, const absl::Status& why) const;
  grpc::Status AnswerLatest(const grpc::ServerContextBase& context, const v1::GetReportRequest& request,
                            grpc::ByteBuffer& response) const;

  NodeCacheContext& shared_;
  const Entrance& entrance_;
};

}  // namespace tagdrift::serve
