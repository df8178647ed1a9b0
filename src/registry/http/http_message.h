#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "registry/http/address.h"
#include "registry/http/url.h"
#include "tagdrift/call/byte_budget.h"
#include "tagdrift/hosts/answer.h"

namespace tagdrift::registry {

/// containerd's limit for a manifest: 4 x 1048 x 1048.
inline constexpr std::size_t kManifestLimit = 4393216;
inline constexpr std::size_t kTokenBodyLimit = 128 << 10;
inline constexpr std::size_t kErrorBodyLimit = 64 << 10;
inline constexpr std::size_t kHeaderLimit = 64 << 10;
inline constexpr int kHeaderLineLimit = 500;

enum class Method { kHead, kGet, kPost };

/// One request to one endpoint. Header values and body may be secret.
struct HttpRequest {
  Method method = Method::kGet;
  Url url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  ///< of a POST
  std::size_t body_limit = kManifestLimit;
  /// `skip_verify` of the registry host does not extend here: a secret goes to a place other than that host.
  bool must_verify = false;
  bool for_token = false;
  std::shared_ptr<ByteHold> hold;  ///< takes what arrives of a body; null: it is not counted
};

/// What came back, or why nothing did.
struct HttpResponse {
  hosts::Failure failure = hosts::Failure::kNone;
  std::string detail;      ///< for people, no secrets
  bool untrusted = false;  ///< no trusted authority has signed the server's certificate
  /// The https attempt showed a server that speaks plain http, or one whose handshake ran into containerd's limit.
  bool plain_http = false;
  /// Connection refused, or not established in time.
  bool no_connection = false;

  /// Of the address that the answer came from; kName where that is a proxy's, or nothing came.
  AddressKind address = AddressKind::kName;

  int status = 0;
  /// Of the final response, in order; names in lower case, values trimmed.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;                ///< empty with a failure
  std::shared_ptr<ByteHold> hold;  ///< of the body
  bool too_large = false;          ///< the body passed the request's limit and was dropped

  absl::Time asked_at;
  absl::Duration latency;
  /// Not before then is it worth asking again: the server's word, or our own back-off.
  std::optional<absl::Time> retry_at;

  /// First value; null when there is none.
  const std::string* Header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return &value;
    }
    return nullptr;
  }
};

}  // namespace tagdrift::registry
