#include "registry/auth/token_fetch.h"

#include <algorithm>

#include "registry/auth/realm_rules.h"
#include "registry/http/json_bodies.h"
#include "registry/http/redirect_rules.h"
#include "registry/http/retry_after.h"
#include "tagdrift/text/base64.h"

namespace tagdrift::registry {
namespace {

// The token specification forbids less; docker clients raise it.
constexpr std::int64_t kLeastLifetime = 60;
constexpr std::int64_t kMostLifetime = 3600;
// A thousand are remembered.
constexpr std::size_t kMostTokenBytes = 16 * 1024;

TokenResult Failed(hosts::Failure failure, std::string detail) {
  TokenResult result;
  result.failure = failure;
  result.detail = std::move(detail);
  return result;
}

std::string Query(const TokenKey& key) {
  std::string query;
  for (const std::string& scope : key.scopes) query += "&scope=" + QueryEscape(scope);
  if (!key.service.empty()) query += "&service=" + QueryEscape(key.service);
  return query.substr(query.empty() ? 0 : 1);
}

std::string Form(const TokenKey& key) {
  std::string scopes;
  for (const std::string& scope : key.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
  const bool refresh = !key.credential.identity_token.empty();
  std::string form = "client_id=containerd-client&grant_type=";
  form += refresh ? "refresh_token&refresh_token=" + QueryEscape(key.credential.identity_token)
                  : "password&password=" + QueryEscape(key.credential.password);
  if (!scopes.empty()) form += "&scope=" + QueryEscape(scopes);
  form += "&service=" + QueryEscape(key.service);
  if (!refresh) form += "&username=" + QueryEscape(key.credential.username);
  return form;
}

/// A token goes into a header line.
bool IsPrintable(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<Url> WithQuery(const Url& realm, const std::string& query) {
  if (query.empty()) return realm;
  const char joint = realm.text.find('?') == std::string::npos ? '?' : '&';
  return ParseUrl(realm.text + joint + query);
}

}  // namespace

TokenFetch::TokenFetch(TokenKey key, Url endpoint, std::string user_agent, bool skip_post, Detour detour,
                       AddressKind innermost)
    : key_(std::move(key)),
      endpoint_(std::move(endpoint)),
      user_agent_(std::move(user_agent)),
      skip_post_(skip_post),
      detour_(std::move(detour)),
      innermost_(innermost),
      realm_(ParseUrl(key_.realm)) {}

Detour TokenFetch::detour() const {
  if (SameOrigin(at_, endpoint_)) return detour_;
  Detour detour = detour_;
  if (detour.from.empty()) detour.from = endpoint_.Authority();
  if (at_.host != endpoint_.host) detour.innermost = innermost_;
  return detour;
}

TokenFetch::Step TokenFetch::Start() {
  if (!realm_) return Failed(hosts::Failure::kToken, "the token realm is no http or https URL");
  if (IsRefresh() || (CarriesSecret() && !skip_post_)) return Ask(Method::kPost, *realm_);
  const std::optional<Url> url = WithQuery(*realm_, Query(key_));
  if (!url) return Failed(hosts::Failure::kToken, "the token realm's URL is too long");
  return Ask(Method::kGet, *url);
}

TokenFetch::Step TokenFetch::Ask(Method method, const Url& url) {
  if (++requests_ > kMaxChain) return Failed(hosts::Failure::kToken, "the token realm redirects without end");
  method_ = method;
  at_ = url;
  HttpRequest request{.method = method, .url = url, .headers = {{"User-Agent", user_agent_}}, .body = {}};
  request.body_limit = kTokenBodyLimit;
  request.for_token = true;
  if (method == Method::kPost) {
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    request.body = Form(key_);
  } else if (CarriesSecret() && SameOrigin(url, *realm_)) {
    request.headers.emplace_back(
        "Authorization", "Basic " + text::Base64Encode(key_.credential.username + ":" + key_.credential.password));
  }
  request.must_verify = CarriesSecret() && url.host != endpoint_.host;
  return request;
}

TokenFetch::Step TokenFetch::OnResponse(const HttpResponse& response) {
  if (response.failure != hosts::Failure::kNone) {
    if (response.failure == hosts::Failure::kRefusedRedirect) {
      return Failed(hosts::Failure::kRefusedRealm, "the token realm is at the " + response.detail);
    }
    // With the host's own skip_verify containerd might get through.
    const bool ours = CarriesSecret() && at_.host != endpoint_.host && response.failure == hosts::Failure::kTls;
    const hosts::Failure failure = ours ? hosts::Failure::kRefusedRealm : hosts::Failure::kToken;
    const bool deadline = response.failure == hosts::Failure::kDeadline || response.failure == hosts::Failure::kBudget;
    TokenResult result =
        Failed(deadline ? response.failure : failure, "token server " + at_.host + ": " + response.detail);
    result.retry_at = response.retry_at;
    return result;
  }
  if (IsRedirect(response.status)) return Follow(response);
  const int status = response.status;
  if (method_ == Method::kPost && !IsRefresh() && (status == 400 || status == 401 || status == 404 || status == 405)) {
    post_refused_ = true;
    redirected_ = false;
    requests_ = 0;
    const std::optional<Url> url = WithQuery(*realm_, Query(key_));
    if (!url) return Failed(hosts::Failure::kToken, "the token realm's URL is too long");
    return Ask(Method::kGet, *url);
  }
  return Read(response);
}

TokenFetch::Step TokenFetch::Follow(const HttpResponse& response) {
  const std::string* location = response.Header("location");
  const std::optional<Url> next = location == nullptr ? std::nullopt : ResolveUrl(at_, *location);
  if (!next) return Failed(hosts::Failure::kToken, "token server " + at_.host + " redirects to nowhere");
  if (const auto why = WhyRealmRefused(*next, endpoint_, CarriesSecret())) {
    return Failed(hosts::Failure::kRefusedRealm, *why);
  }
  const bool again = method_ == Method::kPost && (response.status == 307 || response.status == 308);
  if (again && !SameOrigin(at_, *next)) {
    return Failed(hosts::Failure::kRefusedRealm, "the token realm redirects credentials to " + next->host);
  }
  redirected_ = true;
  return Ask(again ? Method::kPost : Method::kGet, *next);
}

TokenResult TokenFetch::Refused(const HttpResponse& response) const {
  const int status = response.status;
  const bool limited = status == 429;
  std::string detail = "token server " + at_.host + " answered " + std::to_string(status);
  if (IsRefresh() && (status == 400 || status == 404 || status == 405)) detail += " to a refresh token";
  TokenResult result = Failed(limited ? hosts::Failure::kBudget : hosts::Failure::kToken, std::move(detail));
  result.refused = status == 401 || status == 403;
  result.wrong_login = status == 401 && CarriesSecret();
  result.retry_at = RetryAt(response);
  return result;
}

TokenFetch::Step TokenFetch::Read(const HttpResponse& response) const {
  const std::string server = "token server " + at_.host;
  if (response.status < 200 || response.status > 299) return Refused(response);
  if (response.too_large) return Failed(hosts::Failure::kToken, server + " answered more than 128 KiB");
  const std::optional<TokenBody> body = ParseTokenBody(response.body);
  if (!body) return Failed(hosts::Failure::kToken, server + " answered no JSON object");
  // containerd reads only access_token from the answer to a POST, and prefers it in the answer to a GET.
  const std::string& token = !body->access_token.empty() || method_ == Method::kPost ? body->access_token : body->token;
  if (token.size() > kMostTokenBytes) {
    return Failed(hosts::Failure::kBudget, server + " sent a token of more than 16 KiB");
  }
  if (token.empty() || !IsPrintable(token)) return Failed(hosts::Failure::kToken, server + " sent no usable token");
  TokenResult result;
  result.token = token;
  const std::int64_t seconds = body->expires_in.value_or(kLeastLifetime);
  result.lifetime = absl::Seconds(std::clamp(seconds, kLeastLifetime, kMostLifetime));
  result.by_get = post_refused_;
  return result;
}

}  // namespace tagdrift::registry
