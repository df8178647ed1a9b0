#pragma once

#include <curl/curl.h>

#include <string>

#include "absl/time/time.h"
#include "tagdrift/hosts/answer.h"

namespace tagdrift::registry {

/// How far a request came in setting up its connection.
enum class Stage { kResolving, kConnecting, kHandshake, kConnected };

/// What libcurl tells about a request that failed.
struct CurlFailure {
  CURLcode code = CURLE_OK;
  Stage stage = Stage::kConnected;
  absl::Duration stage_time;  ///< spent in that stage
  absl::Duration dial_limit;  ///< containerd's, for kConnecting
  int os_error = 0;           ///< errno of a failed connect
  long verify_result = 0;     ///< OpenSSL's X509_V_ERR_*
  long proxy_status = 0;      ///< a proxy's answer to CONNECT
  std::string tls_text;       ///< libcurl's own words about the handshake
};

struct NamedFailure {
  hosts::Failure failure;
  std::string detail;  ///< short, for people; no URL, no secret
};

/// True where the server's certificate was refused because no trusted authority has signed it.
bool IsUntrusted(const CurlFailure& failure);

/// Timeouts that containerd has too (dial, 10 s of TLS handshake) are kTimeout; tagdrift's own are kDeadline.
NamedFailure NameFailure(const CurlFailure& failure);

/// True where containerd would have given up with "TLS handshake timeout", which makes its http fallback go on.
bool IsHandshakeTimeout(const CurlFailure& failure);

}  // namespace tagdrift::registry
