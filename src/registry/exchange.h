#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "registry/challenge.h"
#include "registry/endpoint_memory.h"
#include "registry/http_message.h"
#include "registry/token_fetch.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::registry {

/// Next step: find out what is known of the endpoint of `url` (and wait while its first contact is under way), then
/// call Plan.
struct Approach {
  Url url;
};
/// Next step: get this token (from the book, or by a TokenFetch), then call OnToken.
struct WantToken {
  TokenKey key;
  Url endpoint;  ///< the registry host as reached
};

/// A token as handed out. `young`: got so recently that a refusal is about rights, not about age.
struct TokenGrant {
  TokenResult result;
  bool young = true;
};

/// One request to a registry host, from the first HEAD to the answer that containerd's walk sees: challenge, token,
/// redirects by hand, the GET where containerd sends one, http fallback. A state machine without sockets: each call
/// returns the next step.
///
/// One challenge is met per place (a second only where a token from memory was asked with other scopes, or has aged);
/// what a redirect leads to gets anonymous tokens only.
class Exchange {
 public:
  using Step = std::variant<Approach, HttpRequest, WantToken, Reply>;

  struct Settings {
    std::string user_agent;
    /// Credentials for the host itself.
    std::optional<Credential> credential;
    /// A proxy resolves and reaches addresses for us: internal ones are its own affair.
    bool through_proxy = false;
  };

  Exchange(Request request, Settings settings);

  Step Start();
  Step Plan(const EndpointMemory& memory);
  Step OnResponse(const HttpResponse& response);
  Step OnToken(const TokenGrant& grant);
  /// Ends it without an answer: what happened to the endpoint's first contact happens to this.
  Step Fail(hosts::Failure failure, std::string detail);

  const Request& request() const { return request_; }
  /// The last response showed that the https endpoint is to be asked over http.
  bool fell_back() const { return fell_back_; }
  /// A token that the last response showed to be worthless: the book should forget it.
  const std::optional<std::pair<TokenKey, std::string>>& stale_token() const { return stale_token_; }

 private:
  Step Send() const;
  Step SendBare();
  Step Denied(const HttpResponse& response);
  Step OnChallenge(const HttpResponse& response);
  Step Meet(const Challenge& challenge, bool expected);
  Step MeetBasic(bool expected);
  Step MeetBearer(const Challenge& challenge, bool expected);
  Step OnRedirect(const HttpResponse& response, const std::string& location);
  Step OnFailure(const HttpResponse& response);
  Step OnFinal(const HttpResponse& response);
  Step FollowUp();
  Step AskAfresh();
  Step FromTheStart();
  Step GoOverHttp();
  Step Unmet(hosts::Failure failure, std::string detail);

  void Note(const HttpResponse& response);
  void NoteContent(const HttpResponse& response);
  bool NeedsFollowUp() const;
  bool AsksForContent() const;
  bool LacksDigest() const;
  bool FallsBack(const HttpResponse& response) const;
  std::vector<std::pair<std::string, std::string>> Headers() const;

  Request request_;
  Settings settings_;
  Reply reply_;
  Url origin_;  ///< the host's own URL for this object, as reached
  Url at_;      ///< where the next request goes
  Method method_ = Method::kHead;
  bool follow_up_ = false;  ///< the GET after a HEAD is under way
  int redirects_ = 0;
  bool crossed_ = false;  ///< a redirect has left the host's origin
  bool fell_back_ = false;

  std::string authorization_;         ///< secret; for the origin of `at_`
  std::string origin_authorization_;  ///< what `authorization_` was before a redirect left the host
  std::optional<TokenKey> key_;       ///< of the token asked for or in use at `at_`
  TokenGrant grant_;
  bool expected_ = false;  ///< the token was asked for from memory, before any challenge
  int challenges_ = 0;     ///< met at `at_`'s origin
  std::optional<std::pair<TokenKey, TokenResult>> failed_;
  std::optional<std::pair<TokenKey, std::string>> stale_token_;
};

}  // namespace tagdrift::registry
