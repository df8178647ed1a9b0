#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "registry/auth/challenge.h"
#include "registry/auth/credential_question.h"
#include "registry/auth/endpoint_hints.h"
#include "registry/auth/login_throttle.h"
#include "registry/auth/token_cache.h"
#include "registry/auth/token_fetch.h"
#include "registry/http/endpoint.h"
#include "registry/http/http_message.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

/// Next step: find out what is known of the endpoint of `url` (and wait while its first contact is under way), then
/// call Plan.
struct Approach {
  Url url;
};
/// Next step: ask the throttle whether this login may be used, then call OnLogin; the response to the request that
/// follows settles it.
struct WantLogin {
  LoginKey key;
};
/// Next step: get this token (from the cache, or by a TokenFetch), then call OnToken.
struct WantToken {
  std::shared_ptr<const TokenKey> key;
  Url endpoint;                                  ///< the server that wants it, as reached
  Detour detour;                                 ///< to `endpoint`
  AddressKind innermost = AddressKind::kPublic;  ///< of the addresses that realms elsewhere may be at
};

/// One request to a registry host, from the first HEAD to the answer that containerd's walk sees: challenge, token,
/// redirects by hand, the GET where containerd sends one, http fallback. A state machine without sockets: each call
/// returns the next step. CredentialQuestion as a step: ask the credential source, then call OnCredentials.
///
/// Credentials are looked for only once a challenge asks for them; at most two are tried, the second where the first is
/// refused. One challenge is met per server and credential (a second only where a token from memory was asked with
/// other scopes, or has aged); what a redirect leads to at another origin gets anonymous tokens only, and none of the
/// host's configured headers. Go's client, which containerd uses, passes on all that are not Authorization or Cookie:
/// where such a header stays behind and the other origin refuses the request, the answer is Failure::kRefusedRedirect.
class Exchange {
 public:
  using Step = std::variant<Approach, HttpRequest, CredentialQuestion, WantLogin, WantToken, Reply>;

  struct Settings {
    std::string user_agent;
    /// True for what a proxy resolves and reaches for us: internal addresses are its own affair. Empty: nothing.
    std::function<bool(const Url&)> through_proxy;
  };

  Exchange(Request request, Settings settings);

  Step Start();
  Step Plan(const EndpointHints& hints);
  Step OnResponse(const HttpResponse& response);
  Step OnCredentials(CredentialAnswer answer);
  /// `refused`: the login has failed too often at this server.
  Step OnLogin(bool refused);
  Step OnToken(const TokenGrant& grant);

  const Request& request() const { return request_; }
  /// How its next request came to leave the host.
  Detour detour() const;
  /// Its next request follows a redirect.
  bool redirected() const { return redirects_ > 0; }
  /// The last response showed that the https endpoint is to be asked over http.
  bool fell_back() const { return fell_back_; }
  /// A token that the last response showed to be worthless: the cache should forget it.
  const std::optional<std::pair<TokenKey, std::string>>& stale_token() const { return stale_token_; }
  /// The credential in use at the host; null while there is none.
  const Credential* credential() const;
  /// The question that `credential()` answers.
  CredentialQuestion credential_question() const;

 private:
  Step Send() const;
  Step SendBare();
  Step Denied(const HttpResponse& response);
  Step OnChallenge(const HttpResponse& response);
  Step Meet(const Challenge& challenge, bool expected);
  Step MeetBasic(bool expected);
  Step MeetBearer(const Challenge& challenge, bool expected);
  Step MeetRefused(const HttpResponse& response);
  Step RenewToken();
  bool NextCredential();
  void StartOver();
  WantToken Want() const;
  Step OnRedirect(const HttpResponse& response, const std::string& location);
  Step OnFailure(const HttpResponse& response);
  Step OnFinal(const HttpResponse& response);
  Step FollowUp();
  Step AskAfresh();
  Step FromTheStart();
  Step GoOverHttp();
  Step Unmet(hosts::Failure failure, std::string detail);
  Step Fail(hosts::Failure failure, std::string detail);

  void Note(const HttpResponse& response);
  void NoteContent(const HttpResponse& response);
  bool NeedsFollowUp() const;
  bool AsksForContent() const;
  bool LacksDigest() const;
  bool FallsBack(const HttpResponse& response) const;
  /// containerd sends configured headers along to where a redirect led, and may get another answer there.
  bool LacksHeaders() const;
  std::vector<std::pair<std::string, std::string>> Headers() const;

  Request request_;
  Settings settings_;
  Reply reply_;
  Url origin_;  ///< the host's own URL for this object, as reached
  AddressKind origin_address_ = AddressKind::kName;
  Url at_;  ///< where the next request goes
  Method method_ = Method::kHead;
  bool follow_up_ = false;  ///< the GET after a HEAD is under way
  int redirects_ = 0;
  bool crossed_ = false;  ///< a redirect has left the host's origin
  bool fell_back_ = false;

  std::optional<CredentialAnswer> credentials_;  ///< for the host itself, once asked for
  std::size_t candidate_ = 0;                    ///< which of them is tried
  std::optional<Challenge> met_;                 ///< the challenge being met at `at_`

  /// Secret. The value is shared: a token of a kilobyte serves thousands of exchanges.
  struct Authorization {
    const char* scheme = "";
    std::shared_ptr<const std::string> value;

    explicit operator bool() const { return value != nullptr; }
  };
  Authorization authorization_;          ///< for the origin of `at_`
  Authorization origin_authorization_;   ///< what `authorization_` was before a redirect left the host
  std::shared_ptr<const TokenKey> key_;  ///< of the token asked for or in use at `at_`; null: none
  TokenGrant grant_;
  bool expected_ = false;  ///< the token was asked for from memory, before any challenge
  int challenges_ = 0;     ///< met at `at_`'s origin with this credential
  std::optional<std::pair<TokenKey, TokenGrant>> failed_;
  std::optional<std::pair<TokenKey, std::string>> stale_token_;
};

}  // namespace tagdrift::registry
