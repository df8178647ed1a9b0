#include "serve/server_limits.h"

#include <grpc/grpc.h>
#include <grpcpp/support/server_interceptor.h>

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/limits.h"

namespace tagdrift::serve {
namespace {

/// The largest request has patterns; answers are as large as they are.
constexpr int kMostRequestBytes = 512 << 10;
/// Of a connection; fewer are not recommended for HTTP/2 (RFC 9113, 6.5.2).
constexpr int kMostStreams = 100;
/// Of a server: connections, requests, and what a call takes while its answer is not taken. A full 64 connections of
/// one user with as many streams fit in, with small requests; beyond, gRPC ends idle connections, then calls. Not what
/// answers are made of: the report is there once for all of them, and Views bounds the other views of it.
constexpr std::size_t kMostCallBytes = 64 << 20;
/// Of gRPC's synchronous services: reflection holds one for each open stream, and one waits for the next.
constexpr int kMostThreads = 8;
/// One fewer than there are threads for, so that one too many is refused here.
constexpr std::size_t kMostReflections = 6;
constexpr std::size_t kReflectionsOfOperators = 2;
constexpr std::string_view kReflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

/// Of one server.
struct Reflections {
  const Entrance& entrance;
  OnRefusal refused;
  Slots open{kMostReflections, kReflectionsOfOperators};
};

/// One stream. Has its place until the call has ended.
class Reflection final : public grpc::experimental::Interceptor {
 public:
  Reflection(Reflections& all, grpc::ServerContextBase& context) : all_(all), context_(context) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    using grpc::experimental::InterceptionHookPoints;
    // It is not known before who calls.
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) Begin();
    methods->Proceed();
  }

 private:
  void Begin() {
    const Caller caller = all_.entrance.CallerOf(context_);
    place_ = all_.open.Take(caller);
    if (place_.held != nullptr) return;
    const char* const message = place_.share_is_taken ? "this caller has its share of the streams of reflection"
                                                      : "too many streams of reflection are open";
    all_.refused(Refusal::kTooMany, caller.name, message);
    // ServerContext cancels with no other status than CANCELLED.
    grpc_call_cancel_with_status(context_.c_call(), GRPC_STATUS_RESOURCE_EXHAUSTED, message, nullptr);
  }

  Reflections& all_;
  grpc::ServerContextBase& context_;
  Grant place_;
};

class ReflectionBound final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  ReflectionBound(const Entrance& entrance, OnRefusal refused)
      : all_{.entrance = entrance, .refused = std::move(refused)} {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* call) override {
    return call->method() == kReflection ? new Reflection(all_, *call->server_context()) : nullptr;
  }

 private:
  Reflections all_;
};

}  // namespace

void SetLimits(grpc::ServerBuilder& builder, const Entrance& entrance, OnRefusal refused) {
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(std::make_unique<ReflectionBound>(entrance, std::move(refused)));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  builder.SetMaxReceiveMessageSize(kMostRequestBytes);
  builder.SetMaxSendMessageSize(-1);
  grpc::ResourceQuota quota("tagdrift");
  quota.SetMaxThreads(kMostThreads);
  quota.Resize(kMostCallBytes);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreams);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 300'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
}

}  // namespace tagdrift::serve
