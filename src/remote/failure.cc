#include "failure.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <string_view>

#include "absl/strings/cord.h"
#include "socket_failure.h"
#include "tagdrift/remote/client.h"
#include "tagdrift/text/printable.h"

namespace tagdrift::remote {
namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

constexpr std::size_t kMaxText = 500;

/// What the agent, or whoever answers in its place, says.
std::string Said(const grpc::Status& status) {
  const std::string& text = status.error_message();
  if (text.empty()) return "it gave no reason";
  return text::Printable(text.substr(0, std::min(text.find('\n'), kMaxText)));
}

bool Says(const grpc::Status& status, std::string_view words) {
  return status.error_message().find(words) != std::string::npos;
}

/// gRPC's own texts about a connection hold addresses and internals; an agent's are sentences, some about connections.
bool FromTransport(const grpc::Status& status) {
  constexpr const char* kBeginnings[] = {"failed to connect to all addresses",
                                         "empty address list",
                                         "DNS resolution failed",
                                         "Socket closed",
                                         "recvmsg:",
                                         "sendmsg:",
                                         "Connection reset by peer",
                                         "Broken pipe",
                                         "Endpoint read failed",
                                         "Trying to connect an http1.x server",
                                         "GOAWAY"};
  return status.error_message().empty() || std::ranges::any_of(kBeginnings, [&](const char* beginning) {
           return status.error_message().starts_with(beginning);
         });
}

absl::Status Agent(absl::StatusCode code, const Address& address, const std::string& reason) {
  return absl::Status(code, fmt::format("agent {}: {}", address.text, reason));
}

/// There is no connection over TCP, or it ended.
absl::Status ExplainTcp(const Address& address, const grpc::Status& status) {
  const auto failed = [&](const std::string& reason) { return Agent(absl::StatusCode::kUnavailable, address, reason); };
  // What gRPC makes of credentials that are none.
  if (Says(status, "empty address list")) {
    return Agent(
        absl::StatusCode::kFailedPrecondition, address,
        fmt::format("--tls-cert and --tls-key are no pair of certificate and key, or --tls-ca has none: {}, {}, "
                    "{}",
                    address.tls.certificate, address.tls.key, address.tls.ca));
  }
  if (Says(status, "certificate verify failed") || Says(status, "CERTIFICATE_VERIFY_FAILED")) {
    return failed(
        fmt::format("its certificate is not of the authority in {}, or is not valid now; --tls-ca names the "
                    "authority that the agent's certificate is of",
                    address.tls.ca));
  }
  if (Says(status, "Peer name")) {
    return failed(
        fmt::format("its certificate is for another name than {}; --tls-server-name says the name that it is "
                    "for, one for all nodes as a rule",
                    address.tls.server_name.empty() ? "the address's host" : address.tls.server_name));
  }
  if (Says(status, "wrong version number") || Says(status, "WRONG_VERSION_NUMBER")) {
    return failed("what listens there does not speak TLS, so it is no agent; is the port right?");
  }
  if (Says(status, "Connection refused")) {
    return absl::UnavailableError(fmt::format(
        "no agent listens at {}: connection refused; is tagdrift serve running there with --listen?", address.text));
  }
  if (Says(status, "DNS")) return failed("its host has no address in the DNS; is the name right?");
  if (Says(status, "timed out") || Says(status, "Timeout")) {
    return failed("no connection within a few seconds; is the host up, and does the network let it through?");
  }
  if (Says(status, "No route") || Says(status, "unreachable")) return failed("there is no route to that host");
  return failed(
      fmt::format("it closed the connection; does it accept the certificate {}, and is it a tagdrift agent at all?",
                  address.tls.certificate));
}

absl::Status ExplainUnavailable(const Address& address, const grpc::Status& status) {
  if (!FromTransport(status)) return Agent(absl::StatusCode::kUnavailable, address, Said(status));
  if (address.socket_path.empty()) return ExplainTcp(address, status);
  if (absl::Status why = SocketFailure(address.socket_path); !why.ok()) return why;
  return Agent(absl::StatusCode::kUnavailable, address,
               "it closed the connection: it was stopped, or what listens there is no tagdrift agent");
}

absl::Status ExplainExhausted(const Address& address, const grpc::Status& status) {
  constexpr absl::StatusCode kCode = absl::StatusCode::kResourceExhausted;
  if (Says(status, "larger than max")) {
    return Agent(kCode, address,
                 fmt::format("the answer is larger than {} MiB, tagdrift's limit; ask for less by patterns",
                             kMaxReceiveBytes >> 20));
  }
  const auto delay = RetryDelay(status.error_details());
  if (!delay) return Agent(kCode, address, Said(status) + "; try again later");
  return Agent(kCode, address,
               fmt::format("{}; try again in {} s", Said(status),
                           std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(*delay).count(), 1)));
}

absl::Status ExplainDenied(const Address& address, const grpc::Status& status) {
  return Agent(absl::StatusCode::kPermissionDenied, address,
               Said(status) +
                   "; who may do what is the agent's configuration: its reader and operator sockets, roles by "
                   "certificate, --enable-actions");
}

/// Beside the code, which a socket that may not be opened has too.
constexpr char kRefusal[] = "tagdrift/refusal";

absl::Status AsRefusal(absl::Status status) {
  status.SetPayload(kRefusal, absl::Cord());
  return status;
}

/// The fields of this number that have a length; not those within.
std::string Field(const UnknownField& field, int number) {
  return field.number() == number && field.type() == UnknownField::TYPE_LENGTH_DELIMITED ? field.length_delimited()
                                                                                         : "";
}

}  // namespace

absl::Status ExplainFailure(const Address& address, const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::FAILED_PRECONDITION:
      // As the command says it on the node itself.
      return absl::Status(static_cast<absl::StatusCode>(status.error_code()), Said(status));
    case grpc::StatusCode::UNAVAILABLE:
      return ExplainUnavailable(address, status);
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return ExplainExhausted(address, status);
    case grpc::StatusCode::PERMISSION_DENIED:
      return AsRefusal(ExplainDenied(address, status));
    case grpc::StatusCode::UNAUTHENTICATED:
      return ExplainDenied(address, status);
    case grpc::StatusCode::UNIMPLEMENTED:
      return Agent(absl::StatusCode::kUnimplemented, address,
                   "it does not offer this: it is older than this tagdrift, or is no tagdrift agent");
    case grpc::StatusCode::CANCELLED:
      return Agent(absl::StatusCode::kUnavailable, address, "it gave up: " + Said(status));
    default:
      return Agent(static_cast<absl::StatusCode>(status.error_code()), address, Said(status));
  }
}

bool IsRefusal(const absl::Status& failure) { return failure.GetPayload(kRefusal).has_value(); }

// Read by field numbers: gRPC has google/rpc/*.proto within itself only.
std::optional<std::chrono::milliseconds> RetryDelay(const std::string& details) {
  constexpr int kDetails = 3;
  constexpr int kRetryDelay = 1;
  UnknownFieldSet fields;
  if (!fields.ParseFromString(details)) return std::nullopt;
  for (int i = 0; i < fields.field_count(); ++i) {
    google::protobuf::Any any;
    UnknownFieldSet info;
    google::protobuf::Duration delay;
    if (!any.ParseFromString(Field(fields.field(i), kDetails))) continue;
    if (!any.type_url().ends_with("/google.rpc.RetryInfo") || !info.ParseFromString(any.value())) continue;
    if (info.field_count() == 0 || !delay.ParseFromString(Field(info.field(0), kRetryDelay))) continue;
    constexpr std::int64_t kLongest = 86'400;
    return std::chrono::seconds(std::clamp<std::int64_t>(delay.seconds(), 0, kLongest)) +
           std::chrono::milliseconds(std::clamp(delay.nanos(), 0, 999'999'999) / 1'000'000);
  }
  return std::nullopt;
}

}  // namespace tagdrift::remote
