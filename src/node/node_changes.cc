#include "tagdrift/node/node_changes.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "containerd/services/events/v1/events.grpc.pb.h"
#include "event_mark.h"
#include "node_changes_grpc.h"
#include "rpc.h"

namespace tagdrift::node {
namespace {

namespace events = containerd::services::events::v1;

constexpr char kFollowing[] = "following containerd's events";
/// Published until it comes back.
constexpr char kMarkTopic[] = "/tagdrift/subscribed";
constexpr std::chrono::milliseconds kNextMark(100);
constexpr std::chrono::seconds kPublishLimit(5);

struct Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel) : events(events::Events::NewStub(channel)) {}

  std::unique_ptr<events::Events::Stub> events;
};

/// Publishes the mark until it has been heard.
class Marking {
 public:
  Marking(events::Events::Stub& stub, const CallContext& context)
      : thread_([this, &stub, context](const std::stop_token& stop) { Run(stub, context, stop); }) {}

  const std::string& mark() const { return mark_; }
  void Heard() { thread_.request_stop(); }

 private:
  void Run(events::Events::Stub& stub, const CallContext& context, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      Rpc rpc(kFollowing, {context.deadline, stop}, kPublishLimit);
      // What fails is seen by the stream too.
      PublishMark(stub, kMarkTopic, mark_, rpc).IgnoreError();
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, kNextMark, [] { return false; });
    }
  }

  const std::string mark_ = NewMark();
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;
};

class GrpcNodeChanges final : public NodeChanges {
 public:
  explicit GrpcNodeChanges(std::shared_ptr<Connection> connection) : stubs_(std::move(connection)) {}

  absl::Status Follow(const std::function<void()>& changed, const CallContext& context) override {
    const auto stubs = stubs_.Get();
    Rpc rpc(kFollowing, context, kLongestCall);
    if (absl::Status status = rpc.Begin(); !status.ok()) return status;
    events::SubscribeRequest request;
    request.add_filters(R"(topic~="^/(images|containers|tasks)/",namespace==k8s.io)");
    request.add_filters(std::string("topic==\"") + kMarkTopic + "\",namespace==k8s.io");
    const auto stream = stubs->events->Subscribe(&rpc.InKubernetesNamespace().context(), request);
    {
      Marking marking(*stubs->events, context);
      bool heard = false;
      containerd::types::Envelope envelope;
      while (stream->Read(&envelope)) {
        if (envelope.topic() != kMarkTopic) {
          changed();
        } else if (!heard && MarkIn(envelope) == marking.mark()) {
          heard = true;
          marking.Heard();
          changed();
        }
      }
    }
    const grpc::Status end = stream->Finish();
    if (!end.ok()) return rpc.Explain(end);
    return absl::UnavailableError(std::string(kFollowing) + ": containerd ended the stream");
  }

 private:
  StubsOn<Stubs> stubs_;
};

}  // namespace

std::unique_ptr<NodeChanges> MakeNodeChanges(std::shared_ptr<Connection> connection) {
  return std::make_unique<GrpcNodeChanges>(std::move(connection));
}

}  // namespace tagdrift::node
