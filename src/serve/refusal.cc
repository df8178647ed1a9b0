#include "serve/refusal.h"

#include "google/rpc/error_details.pb.h"
#include "tagdrift/text/printable.h"
#include "tagdrift/text/text.h"

namespace tagdrift::serve {
namespace {

grpc::StatusCode CodeOf(Refusal why) {
  switch (why) {
    case Refusal::kNotPermitted:
    case Refusal::kNotEnabled:
      return grpc::StatusCode::PERMISSION_DENIED;
    case Refusal::kTooMany:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case Refusal::kBadRequest:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case Refusal::kHandshake:
      return grpc::StatusCode::UNAUTHENTICATED;
  }
  return grpc::StatusCode::UNKNOWN;
}

}  // namespace

grpc::Status Refused(Refusal why, const std::string& reason, const std::string& message, absl::Duration retry_after) {
  google::rpc::Status status;
  status.set_code(CodeOf(why));
  status.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("tagdrift");
  status.add_details()->PackFrom(info);
  if (retry_after > absl::ZeroDuration()) {
    google::rpc::RetryInfo retry;
    const std::int64_t milliseconds = absl::ToInt64Milliseconds(absl::Ceil(retry_after, absl::Milliseconds(1)));
    retry.mutable_retry_delay()->set_seconds(milliseconds / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int>(milliseconds % 1000) * 1'000'000);
    status.add_details()->PackFrom(retry);
  }
  return {CodeOf(why), message, status.SerializeAsString()};
}

void CountInvalid(const OnRefusal& refused, const std::string& caller, const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::INVALID_ARGUMENT) {
    refused(Refusal::kBadRequest, caller, text::Printable(status.error_message()));
  }
}

grpc::Status ToGrpc(const absl::Status& status) {
  // absl's codes are gRPC's.
  return {static_cast<grpc::StatusCode>(status.code()), text::Printable(text::MessageOf(status))};
}

}  // namespace tagdrift::serve
