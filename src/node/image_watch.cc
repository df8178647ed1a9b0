#include "image_watch.h"

#include <unistd.h>

#include <chrono>
#include <string_view>

#include "absl/time/clock.h"
#include "containerd/events/image.pb.h"
#include "rpc.h"

namespace tagdrift::node {
namespace {

namespace events = containerd::services::events::v1;

constexpr char kMarkTopic[] = "/tagdrift/mark";
constexpr char kWatching[] = "watching containerd's image events";
/// More changes of images than a node sees in a day; beyond them the watch counts as lost.
constexpr std::size_t kMostNames = 100'000;
/// The subscription is not confirmed: a mark that was published before it is never seen.
constexpr std::chrono::milliseconds kNextMark(50);

std::optional<ImageEvent::Kind> KindOf(std::string_view topic) {
  if (topic == "/images/create") return ImageEvent::Kind::kCreated;
  if (topic == "/images/update") return ImageEvent::Kind::kUpdated;
  if (topic == "/images/delete") return ImageEvent::Kind::kDeleted;
  return std::nullopt;
}

}  // namespace

GrpcImageWatch::GrpcImageWatch(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
    : events_(events::Events::NewStub(channel)), timeout_(timeout) {
  SetDeadline(context_, absl::InfiniteDuration());
  reader_ = std::thread([this] { Read(); });
}

GrpcImageWatch::~GrpcImageWatch() {
  context_.TryCancel();
  reader_.join();
}

void GrpcImageWatch::Read() {
  events::SubscribeRequest request;
  request.add_filters(R"(topic~="^/images/",namespace==k8s.io)");
  request.add_filters(std::string("topic==\"") + kMarkTopic + "\",namespace==k8s.io");
  const auto stream = events_->Subscribe(&context_, request);
  containerd::types::Envelope envelope;
  while (stream->Read(&envelope)) Take(envelope);
  const absl::Status end = FromRpc(stream->Finish(), kWatching, absl::InfiniteDuration());
  const std::lock_guard lock(mutex_);
  lost_ = end.ok() ? absl::UnavailableError(std::string(kWatching) + ": containerd ended the stream") : end;
  changed_.notify_all();
}

void GrpcImageWatch::Take(const containerd::types::Envelope& envelope) {
  containerd::services::images::v1::ImageEvent event;
  if (!event.ParseFromString(envelope.event().value())) return;
  const std::lock_guard lock(mutex_);
  if (envelope.topic() == kMarkTopic) {
    last_mark_ = event.name();
    changed_.notify_all();
  } else if (const auto kind = KindOf(envelope.topic()); kind && changes_.size() < kMostNames) {
    changes_[event.name()].push_back({*kind, event.name()});
  }
}

absl::Status GrpcImageWatch::PublishMark(const std::string& mark) {
  containerd::services::images::v1::ImageEvent event;
  event.set_name(mark);
  events::PublishRequest request;
  request.set_topic(kMarkTopic);
  // A type that every reader of containerd's events knows.
  request.mutable_event()->set_type_url("containerd.services.images.v1.ImageUpdate");
  request.mutable_event()->set_value(event.SerializeAsString());
  KubernetesContext context;
  return Call<google::protobuf::Empty>(*events_, &events::Events::Stub::Publish, context, request, kWatching, timeout_)
      .status();
}

absl::Status GrpcImageWatch::CatchUp() {
  const std::string mark = "tagdrift-" + std::to_string(getpid()) + "-" +
                           std::to_string(absl::ToUnixNanos(absl::Now())) + "-" + std::to_string(++marks_);
  const auto give_up = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(timeout_);
  while (true) {
    if (absl::Status status = PublishMark(mark); !status.ok()) return status;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kNextMark, [&] { return last_mark_ == mark || lost_; });
    if (last_mark_ == mark) return absl::OkStatus();
    if (lost_) return *lost_;
    if (std::chrono::steady_clock::now() > give_up) {
      return absl::DeadlineExceededError(std::string(kWatching) + ": no event came within " +
                                         absl::FormatDuration(timeout_));
    }
  }
}

std::vector<ImageEvent> GrpcImageWatch::ChangesOf(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = changes_.find(name);
  return found == changes_.end() ? std::vector<ImageEvent>() : found->second;
}

}  // namespace tagdrift::node
