#include "image_watch.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "containerd/events/image.pb.h"
#include "event_mark.h"

namespace tagdrift::node {
namespace {

namespace events = containerd::services::events::v1;

constexpr char kMarkTopic[] = "/tagdrift/mark";
constexpr char kWatching[] = "watching containerd's image events";
/// The subscription is not confirmed: a mark that was published before it is never seen.
constexpr std::chrono::milliseconds kNextMark(50);
/// What a change takes beside its name.
constexpr std::size_t kBytesPerChange = sizeof(ImageEvent) + 64;

std::optional<ImageEvent::Kind> KindOf(std::string_view topic) {
  if (topic == "/images/create") return ImageEvent::Kind::kCreated;
  if (topic == "/images/update") return ImageEvent::Kind::kUpdated;
  if (topic == "/images/delete") return ImageEvent::Kind::kDeleted;
  return std::nullopt;
}

}  // namespace

GrpcImageWatch::GrpcImageWatch(const std::shared_ptr<grpc::Channel>& channel, std::chrono::nanoseconds limit,
                               std::size_t most_bytes)
    : events_(events::Events::NewStub(channel)),
      limit_(limit),
      most_bytes_(most_bytes),
      stream_(kWatching, CallContext(), kLongestCall) {
  stream_.InKubernetesNamespace();
  reader_ = std::thread([this] { Read(); });
}

GrpcImageWatch::~GrpcImageWatch() {
  stream_.context().TryCancel();
  reader_.join();
}

void GrpcImageWatch::Read() {
  events::SubscribeRequest request;
  request.add_filters(R"(topic~="^/images/",namespace==k8s.io)");
  request.add_filters(std::string("topic==\"") + kMarkTopic + "\",namespace==k8s.io");
  const auto stream = events_->Subscribe(&stream_.context(), request);
  containerd::types::Envelope envelope;
  absl::Status lost;
  while (lost.ok() && stream->Read(&envelope)) lost = Keep(envelope);
  if (!lost.ok()) stream_.context().TryCancel();
  const grpc::Status end = stream->Finish();
  if (lost.ok()) {
    lost = end.ok() ? absl::UnavailableError(std::string(kWatching) + ": containerd ended the stream")
                    : stream_.Explain(end);
  }
  const std::lock_guard lock(mutex_);
  lost_ = std::move(lost);
  changed_.notify_all();
}

absl::Status GrpcImageWatch::Keep(const containerd::types::Envelope& envelope) {
  const bool is_mark = envelope.topic() == kMarkTopic;
  const std::optional<ImageEvent::Kind> kind = KindOf(envelope.topic());
  if (!is_mark && !kind) return absl::OkStatus();
  containerd::services::images::v1::ImageEvent event;
  if (!event.ParseFromString(envelope.event().value())) {
    // Marks are also other processes' own; containerd's events are not to be missed.
    return is_mark ? absl::OkStatus() : absl::DataLossError(std::string(kWatching) + ": an event cannot be read");
  }
  const std::lock_guard lock(mutex_);
  if (is_mark) {
    // Others, in this process too, have marks of their own.
    mark_seen_ = mark_seen_ || event.name() == mark_;
    changed_.notify_all();
    return absl::OkStatus();
  }
  bytes_ += 2 * event.name().size() + kBytesPerChange;
  if (bytes_ > most_bytes_) {
    return absl::ResourceExhaustedError(std::string(kWatching) + ": more changes than " + std::to_string(most_bytes_) +
                                        " bytes hold");
  }
  changes_[event.name()].push_back({*kind, event.name()});
  return absl::OkStatus();
}

absl::Status GrpcImageWatch::CatchUp(const CallContext& context) {
  const std::string mark = NewMark();
  const SteadyTime started = std::chrono::steady_clock::now();
  const CallContext bounds = context.Within(started, limit_);
  {
    const std::lock_guard lock(mutex_);
    if (lost_) return *lost_;
    mark_ = mark;
    mark_seen_ = false;
  }
  while (true) {
    Rpc rpc(kWatching, bounds, limit_);
    if (absl::Status status = PublishMark(*events_, kMarkTopic, mark, rpc); !status.ok()) return status;
    const SteadyTime next_mark = std::min(bounds.deadline, std::chrono::steady_clock::now() + kNextMark);
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, bounds.stop, next_mark, [&] { return mark_seen_ || lost_; });
    if (mark_seen_) return absl::OkStatus();
    if (lost_) return *lost_;
    if (bounds.stop.stop_requested()) return absl::CancelledError(std::string(kWatching) + ": stopped");
    if (std::chrono::steady_clock::now() >= bounds.deadline) {
      return absl::DeadlineExceededError(std::string(kWatching) + ": no event came within " +
                                         absl::FormatDuration(absl::FromChrono(bounds.Left(started))));
    }
  }
}

std::vector<ImageEvent> GrpcImageWatch::ChangesOf(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = changes_.find(name);
  return found == changes_.end() ? std::vector<ImageEvent>() : found->second;
}

}  // namespace tagdrift::node
