#include "rpc.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tagdrift::node {
namespace {

constexpr std::size_t kMaxMessage = 300;

std::string FirstLine(const std::string& text) { return text.substr(0, std::min(text.find('\n'), kMaxMessage)); }

bool TooLarge(const grpc::Status& status) {
  return status.error_message().find("larger than max") != std::string::npos;
}

/// gRPC's own UNAVAILABLE texts hold addresses and internals; the runtime's are sentences.
bool FromTransport(const grpc::Status& status) {
  for (const char* mark :
       {"connect", "ocket closed", "Connection reset", "HTTP", "http", "GOAWAY", "Broken pipe", "{"}) {
    if (status.error_message().find(mark) != std::string::npos) return true;
  }
  return status.error_message().empty();
}

std::string Reason(const grpc::Status& status, std::chrono::nanoseconds waited) {
  switch (status.error_code()) {
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "no answer within " + absl::FormatDuration(absl::Ceil(absl::FromChrono(waited), absl::Milliseconds(1)));
    case grpc::StatusCode::UNIMPLEMENTED:
      return "the runtime does not offer this service";
    case grpc::StatusCode::UNAUTHENTICATED:
      return "the runtime wants credentials, which a runtime socket does not: is it the right socket?";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "the runtime denies it: run as root";
    case grpc::StatusCode::UNAVAILABLE:
      if (FromTransport(status)) return std::string(kNoConnection);
      return FirstLine(status.error_message());
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      if (TooLarge(status)) {
        return "the answer is larger than " + std::to_string(kMaxReceiveBytes >> 20) + " MiB, tagdrift's limit";
      }
      return FirstLine(status.error_message());
    default:
      return status.error_message().empty() ? "the runtime gave no reason" : FirstLine(status.error_message());
  }
}

}  // namespace

Rpc::Rpc(std::string doing, const CallContext& context, std::chrono::nanoseconds limit)
    : doing_(std::move(doing)),
      started_(std::chrono::steady_clock::now()),
      bounds_(context.Within(started_, std::min(limit, kLongestCall))),
      cancel_(bounds_.stop, Cancel{&context_}) {
  context_.set_deadline(gpr_time_from_nanos(bounds_.Left(started_).count(), GPR_TIMESPAN));
}

Rpc& Rpc::InKubernetesNamespace() {
  context_.AddMetadata("containerd-namespace", "k8s.io");
  return *this;
}

absl::Status Rpc::Explain(const grpc::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  if (status.error_code() == grpc::StatusCode::CANCELLED) {
    if (bounds_.stop.stop_requested()) return absl::CancelledError(doing_ + ": stopped");
    return absl::UnavailableError(doing_ + ": the runtime gave up: " + Reason(status, {}));
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      doing_ + ": " + Reason(status, bounds_.Left(started_)));
}

std::optional<absl::Time> FromProto(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return std::nullopt;
  if (time.nanos() < 0 || time.nanos() > 999'999'999) return std::nullopt;
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace tagdrift::node
