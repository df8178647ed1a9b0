#pragma once

#include <compare>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "registry/http/endpoint.h"
#include "registry/http/http_message.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::registry {

/// What a token is good for; never shared between credentials or endpoints.
struct TokenKey {
  std::string realm;
  std::string service;
  std::vector<std::string> scopes;  ///< sorted, no duplicates
  Credential credential;            ///< without anything: anonymous
  std::string endpoint;             ///< origin of the registry host

  friend auto operator<=>(const TokenKey&, const TokenKey&) = default;
  bool Anonymous() const { return credential == Credential(); }
};

struct TokenResult {
  hosts::Failure failure = hosts::Failure::kNone;
  std::string detail;
  std::string token;  ///< secret
  absl::Duration lifetime;
  bool by_get = false;       ///< a POST was refused before the GET succeeded
  bool refused = false;      ///< the server answered 401 or 403: asking again with the same brings the same
  bool wrong_login = false;  ///< it answered 401 to credentials
  std::optional<absl::Time> retry_at;
};

/// Fetches one token: with a password a POST (grant_type=password) and, where that is answered 400, 401, 404 or 405, a
/// GET with basic auth; with a refresh token a POST and nothing else, as it is no password; without credentials a GET
/// (containerd's authorizer). A state machine without sockets. The realm has passed WhyRealmRefused; what it redirects
/// to is checked here.
class TokenFetch {
 public:
  using Step = std::variant<HttpRequest, TokenResult>;

  /// `endpoint` is the registry host as reached, by `detour`. `skip_post`: this realm is known to want a GET. A realm
  /// at another host may be at addresses up to `innermost`.
  TokenFetch(TokenKey key, Url endpoint, std::string user_agent, bool skip_post, Detour detour = {},
             AddressKind innermost = AddressKind::kPublic);

  Step Start();
  Step OnResponse(const HttpResponse& response);
  const TokenKey& key() const { return key_; }
  /// How its next request came to leave the configured host.
  Detour detour() const;
  /// Its next request follows a redirect.
  bool redirected() const { return redirected_; }

 private:
  Step Ask(Method method, const Url& url);
  Step Follow(const HttpResponse& response);
  Step Read(const HttpResponse& response) const;
  TokenResult Refused(const HttpResponse& response) const;
  bool CarriesSecret() const { return !key_.Anonymous(); }
  bool IsRefresh() const { return !key_.credential.identity_token.empty(); }

  TokenKey key_;
  Url endpoint_;
  std::string user_agent_;
  Method method_ = Method::kGet;
  bool post_refused_ = false;
  bool skip_post_;
  Detour detour_;
  AddressKind innermost_;
  bool redirected_ = false;
  std::optional<Url> realm_;
  Url at_;
  int requests_ = 0;
};

}  // namespace tagdrift::registry
