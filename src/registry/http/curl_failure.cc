#include "registry/http/curl_failure.h"

#include <openssl/x509_vfy.h>

#include <cctype>
#include <cstring>

namespace tagdrift::registry {
namespace {

using hosts::Failure;

constexpr absl::Duration kContainerdHandshake = absl::Seconds(10);
// libcurl's clock stops a little before or after ours.
constexpr absl::Duration kSlack = absl::Milliseconds(200);

std::string SystemText(int os_error) {
  if (os_error == 0) return "cannot connect";
  char buffer[128];
  std::string text = strerror_r(os_error, buffer, sizeof buffer);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

NamedFailure Timeout(const CurlFailure& failure) {
  switch (failure.stage) {
    case Stage::kResolving:
    case Stage::kConnecting: {
      const bool theirs = failure.stage_time + kSlack >= failure.dial_limit;
      const char* detail = failure.stage == Stage::kResolving ? "timeout looking up the name" : "timeout connecting";
      return {theirs ? Failure::kTimeout : Failure::kDeadline, detail};
    }
    case Stage::kHandshake:
      return {IsHandshakeTimeout(failure) ? Failure::kTimeout : Failure::kDeadline, "timeout in the TLS handshake"};
    case Stage::kConnected:
      break;
  }
  return {Failure::kDeadline, "no complete answer in time"};
}

/// What a server says by an alert about the certificate it was shown, or not shown; empty for anything else. With TLS
/// 1.3 it comes when the handshake is over for the client.
std::string ClientCertificateText(const CurlFailure& failure) {
  const auto says = [&failure](const char* words) { return failure.tls_text.find(words) != std::string::npos; };
  if (says("certificate required")) return "server wants a client certificate";
  if (says("alert bad certificate") || says("alert unknown ca") || says("alert certificate") ||
      says("alert unsupported certificate")) {
    return "server refuses the client certificate, or the lack of one";
  }
  return {};
}

std::string TlsText(const CurlFailure& failure) {
  const bool unverified = failure.code == CURLE_PEER_FAILED_VERIFICATION;
  if (failure.verify_result == X509_V_ERR_HOSTNAME_MISMATCH ||
      failure.verify_result == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return "certificate is not for this host";
  }
  if (unverified && failure.verify_result > X509_V_ERR_UNSPECIFIED) {
    return X509_verify_cert_error_string(failure.verify_result);
  }
  if (failure.tls_text.find("subject name") != std::string::npos) return "certificate is not for this host";
  if (failure.tls_text.find("wrong version number") != std::string::npos) return "server does not speak TLS";
  const std::string refusal = ClientCertificateText(failure);
  return refusal.empty() ? "TLS handshake failed" : refusal;
}

}  // namespace

bool IsHandshakeTimeout(const CurlFailure& failure) {
  return failure.code == CURLE_OPERATION_TIMEDOUT && failure.stage == Stage::kHandshake &&
         failure.stage_time + kSlack >= kContainerdHandshake;
}

bool IsUntrusted(const CurlFailure& failure) {
  if (failure.code != CURLE_PEER_FAILED_VERIFICATION) return false;
  switch (failure.verify_result) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return true;
    default:
      return false;
  }
}

NamedFailure NameFailure(const CurlFailure& failure) {
  // libcurl has many codes; those not named here leave no complete answer.
  if (failure.proxy_status >= 300) {
    return {Failure::kConnect, "the proxy answered " + std::to_string(failure.proxy_status)};
  }
  switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {Failure::kName, "no such host"};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {Failure::kName, "no such host (of the proxy)"};
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_PROXY:
      return {Failure::kConnect, SystemText(failure.os_error)};
    case CURLE_OPERATION_TIMEDOUT:
      return Timeout(failure);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return {Failure::kTls, TlsText(failure)};
    case CURLE_ABORTED_BY_CALLBACK:
      return {Failure::kTls, "client certificate or key cannot be used"};
    case CURLE_PARTIAL_FILE:
      return {Failure::kClosed, "connection closed in the middle of the answer"};
    case CURLE_GOT_NOTHING:
      return {Failure::kClosed, "connection closed without an answer"};
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      if (std::string refusal = ClientCertificateText(failure); !refusal.empty()) {
        return {Failure::kTls, std::move(refusal)};
      }
      return {Failure::kClosed, failure.os_error == 0 ? "connection broken" : SystemText(failure.os_error)};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {Failure::kClosed, "malformed answer"};
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return {Failure::kClosed, failure.os_error == 0 ? "malformed answer" : SystemText(failure.os_error)};
    default:
      return {Failure::kClosed, "no complete answer"};
  }
}

}  // namespace tagdrift::registry
