#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "tagdrift/image/digest.h"

namespace tagdrift::hosts {

/// Why a request brought no HTTP answer.
enum class Failure {
  kNone,          ///< there is an HTTP answer
  kName,          ///< the host's name did not resolve
  kConnect,       ///< refused, unreachable, no route
  kTls,           ///< handshake or certificate
  kTimeout,       ///< a limit that containerd has too (dial, handshake, response header)
  kClosed,        ///< connection closed or reset before the answer was complete, or the answer was malformed
  kRedirectLoop,  ///< more than 10 redirects, or a redirect to nowhere
  kToken,         ///< the challenge could not be met: token server failed, or no usable scheme
  kUnusable,      ///< the entry names no host ("http-mirror.local")
  // Ours, where containerd might get further: nothing may be concluded about the hosts that follow.
  kRefusedRedirect,  ///< a redirect tagdrift does not follow (https to http, to a loopback or link-local address)
  kRefusedRealm,     ///< a token realm tagdrift does not send to
  kDeadline,         ///< tagdrift's own time was up
  kBudget,           ///< tagdrift's own limit on requests to this host, or it backs off from it
};

/// How access to the resource was had, as far as the exchange went.
enum class Access {
  kOpen,            ///< no challenge
  kAnonymousToken,  ///< a challenge, met with a token that needs no credentials
  kCredentials,     ///< a challenge, met with credentials that tagdrift holds
  kDenied,          ///< a challenge that could not be met, or 401/403 all the same
};

/// What serves a host, where its answers give it away. Many answer as the distribution registry does without being it.
enum class Product { kUnknown, kDistribution, kHarbor, kNexus, kArtifactory, kSpegel };

/// What a GET brought after, or instead of, the HEAD.
struct GetAnswer {
  int status = 0;
  std::string content_type;
  image::Digest digest;   ///< SHA-256 of the body as received
  std::int64_t size = 0;  ///< bytes of the body

  friend bool operator==(const GetAnswer&, const GetAnswer&) = default;
};

/// One host's recorded answer to one question ("which digest has this tag?", "do you have this digest?"), with what
/// containerd's walk looks at. The world's refusals are data here, never errors.
struct Answer {
  Failure failure = Failure::kNone;
  std::string failure_detail;  ///< for people, no secrets; e.g. "connection refused"
  bool untrusted = false;      ///< with kTls: no authority that is trusted for the host has signed its certificate

  int status = 0;                            ///< final HTTP status; 0 with a failure, unless content broke off
  std::string content_type;                  ///< without parameters
  std::optional<std::string> digest_header;  ///< Docker-Content-Digest as received
  std::optional<std::int64_t> content_length;
  bool location_missing = false;  ///< a 3xx without a usable Location

  /// Set when containerd would have sent a GET (no digest header, no length, 405 to HEAD) or when the content itself
  /// was asked.
  std::optional<GetAnswer> get;
  bool get_failed = false;  ///< that GET brought no HTTP answer; failure and failure_detail say why
  bool too_large = false;   ///< the body passed the size limit and was dropped

  std::string error_code;  ///< first code of the registry's JSON error body ("MANIFEST_UNKNOWN"); needs a GET
  Access access = Access::kOpen;
  std::optional<absl::Time> retry_at;  ///< from Retry-After
  bool over_http = false;              ///< reached by the http fallback
  Product product = Product::kUnknown;

  absl::Time asked_at;
  absl::Duration latency;
};

}  // namespace tagdrift::hosts
