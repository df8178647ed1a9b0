#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "serve/board.h"
#include "serve/caller.h"
#include "serve/limits.h"
#include "serve/refusal.h"
#include "serve/stuck_calls.h"
#include "serve/workers.h"
#include "tagdrift/agent/actions.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/serve/serve.h"
#include "tagdrift/v1/node_cache.grpc.pb.h"

namespace tagdrift::serve {

/// What all ways in to NodeCacheActions share. What it refers to outlives the service.
struct ActionsContext {
  agent::Agent& agent;
  const Board& board;
  Workers& workers;
  StuckCalls& calls;
  ActionPolicy policy;
  std::map<std::string, hosts::RegistryHost> origins;
  OnRefusal refused;
  std::function<absl::Status(const report::AuditRecord& record)> audit;
  std::function<void(const v1::ActionResult& result)> ended;
  std::shared_ptr<const Clock> clock = SystemClock();
  Slots acting{4, 0};
  Slots telling{16, 0};  ///< such calls, until all that they tell has been taken
};

/// NodeCacheActions at one entrance. Each call has a worker's thread, and goes through its references one after the
/// other. Thread safe.
class ActionsService final : public v1::NodeCacheActions::CallbackService {
 public:
  ActionsService(ActionsContext& shared, const Entrance& entrance) : shared_(shared), entrance_(entrance) {}

  grpc::ServerWriteReactor<v1::RefreshResponse>* Refresh(grpc::CallbackServerContext* context,
                                                         const v1::RefreshRequest* request) override;
  grpc::ServerWriteReactor<v1::PrePullResponse>* PrePull(grpc::CallbackServerContext* context,
                                                         const v1::PrePullRequest* request) override;
  grpc::ServerWriteReactor<v1::EvictResponse>* Evict(grpc::CallbackServerContext* context,
                                                     const v1::EvictRequest* request) override;

 private:
  template <class Response>
  grpc::ServerWriteReactor<Response>* Act(grpc::CallbackServerContext& context, agent::ActionRequest request,
                                          const google::protobuf::RepeatedPtrField<std::string>& references,
                                          grpc::Status status);

  ActionsContext& shared_;
  const Entrance& entrance_;
};

}  // namespace tagdrift::serve
