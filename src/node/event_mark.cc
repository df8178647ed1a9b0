#include "event_mark.h"

#include <unistd.h>

#include <atomic>
#include <chrono>

#include "containerd/events/image.pb.h"

namespace tagdrift::node {

namespace events = containerd::services::events::v1;

std::string NewMark() {
  static std::atomic<int> marks = 0;
  return "tagdrift-" + std::to_string(getpid()) + "-" +
         std::to_string(std::chrono::system_clock::now().time_since_epoch().count()) + "-" + std::to_string(++marks);
}

absl::Status PublishMark(events::Events::Stub& events, const char* topic, const std::string& mark, Rpc& rpc) {
  containerd::services::images::v1::ImageEvent event;
  event.set_name(mark);
  events::PublishRequest request;
  request.set_topic(topic);
  // A type that every reader of containerd's events knows.
  request.mutable_event()->set_type_url("containerd.services.images.v1.ImageUpdate");
  request.mutable_event()->set_value(event.SerializeAsString());
  return Call<google::protobuf::Empty>(events, &events::Events::Stub::Publish, request, rpc.InKubernetesNamespace())
      .status();
}

std::string MarkIn(const containerd::types::Envelope& envelope) {
  containerd::services::images::v1::ImageEvent event;
  return event.ParseFromString(envelope.event().value()) ? event.name() : "";
}

}  // namespace tagdrift::node
