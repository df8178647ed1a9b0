#include "rpc.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <cstddef>

namespace tagdrift::node {
namespace {

// gRPC counts in nanoseconds; nobody waits for a call longer than a week.
constexpr absl::Duration kLongest = absl::Hours(24 * 7);

constexpr std::size_t kMaxMessage = 300;

std::string OneLine(std::string_view text) {
  text = text.substr(0, std::min(text.find('\n'), kMaxMessage));
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return line;
}

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

std::string Explain(const grpc::Status& status, absl::Duration timeout) {
  switch (status.error_code()) {
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "no answer within " + absl::FormatDuration(timeout);
    case grpc::StatusCode::UNIMPLEMENTED:
      return "the runtime does not offer this service";
    case grpc::StatusCode::UNAUTHENTICATED:
      return "the runtime wants credentials, which a runtime socket does not: is it the right socket?";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "the runtime denies it: run as root";
    case grpc::StatusCode::UNAVAILABLE:
      if (FromTransport(status)) return std::string(kNoConnection);
      return OneLine(status.error_message());
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      if (TooLarge(status)) {
        return "the answer is larger than " + std::to_string(kMaxReceiveBytes >> 20) + " MiB, tagdrift's limit";
      }
      return OneLine(status.error_message());
    default:
      return status.error_message().empty() ? "the runtime gave no reason" : OneLine(status.error_message());
  }
}

}  // namespace

void SetDeadline(grpc::ClientContext& context, absl::Duration timeout) {
  timeout = std::clamp(timeout, absl::ZeroDuration(), kLongest);
  context.set_deadline(gpr_time_from_micros(absl::ToInt64Microseconds(timeout), GPR_TIMESPAN));
}

absl::Status FromRpc(const grpc::Status& status, const std::string& doing, absl::Duration timeout) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), doing + ": " + Explain(status, timeout));
}

std::optional<absl::Time> FromProto(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return std::nullopt;
  if (time.nanos() < 0 || time.nanos() > 999'999'999) return std::nullopt;
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace tagdrift::node
