// How an exchange gets access: challenges, credentials, tokens.
#include <algorithm>

#include "registry/auth/realm_rules.h"
#include "registry/exchange/exchange.h"
#include "tagdrift/text/base64.h"

namespace tagdrift::registry {
namespace {

using hosts::Access;
using hosts::Failure;

// The first with a token from memory, the second by the server's own words.
constexpr int kMaxChallenges = 2;
constexpr std::size_t kMaxCandidates = 2;

/// The name by which the host knows `repository`: "https://mirror/v2/hub" knows library/nginx as hub/library/nginx.
std::string NameAt(const hosts::RegistryHost& host, const std::string& repository) {
  std::string_view prefix = host.path;
  if (prefix.starts_with("/v2")) prefix.remove_prefix(3);
  while (prefix.starts_with('/')) prefix.remove_prefix(1);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return prefix.empty() ? repository : std::string(prefix) + "/" + repository;
}

bool HasPassword(const Credential& credential) { return !credential.password.empty(); }

/// A refresh token beside a password is not used: containerd takes the user name first.
Credential ForToken(const Credential& credential) {
  if (HasPassword(credential)) return {credential.username, credential.password, {}, {}};
  return {{}, {}, credential.identity_token, {}};
}

}  // namespace

const Credential* Exchange::credential() const {
  if (crossed_ || !credentials_ || candidate_ >= std::min(credentials_->candidates.size(), kMaxCandidates)) {
    return nullptr;
  }
  return &credentials_->candidates[candidate_];
}

CredentialQuestion Exchange::credential_question() const {
  return {request_.host->host, NameAt(*request_.host, request_.repository)};
}

Exchange::Step Exchange::OnChallenge(const HttpResponse& response) {
  const std::vector<Challenge> challenges = ParseChallenges(ChallengeLines(response));
  const Challenge* chosen = ChooseChallenge(challenges);
  if (chosen == nullptr) {
    const bool bearer = std::any_of(challenges.begin(), challenges.end(),
                                    [](const Challenge& challenge) { return challenge.scheme == "bearer"; });
    return bearer ? Unmet(Failure::kToken, "asks for a token but names no token server") : Denied(response);
  }
  const bool used_token = key_ && authorization_;
  // Asked for from memory, or carried on to another repository of the host by a redirect.
  const bool scopes_may_differ = expected_ || redirects_ > 0;
  met_ = *chosen;
  if (authorization_ && !used_token) return MeetRefused(response);
  if (used_token && !grant_.young) {
    stale_token_ = {*key_, grant_.result->token};
  } else if (used_token && (!scopes_may_differ || Scopes(request_.repository, *chosen) == key_->scopes)) {
    return MeetRefused(response);
  }
  if (++challenges_ > kMaxChallenges) return Denied(response);
  authorization_ = {};
  return Meet(*met_, false);
}

/// What was sent is refused: the next credential, if there is one.
Exchange::Step Exchange::MeetRefused(const HttpResponse& response) {
  return NextCredential() ? Meet(*met_, false) : Denied(response);
}

bool Exchange::NextCredential() {
  const bool in_use = key_ ? !key_->Anonymous() : reply_.answer.access == Access::kCredentials;
  if (credential() == nullptr || !met_ || !in_use) return false;
  ++candidate_;
  if (credential() == nullptr) {
    --candidate_;
    return false;
  }
  StartOver();
  return true;
}

void Exchange::StartOver() {
  challenges_ = 0;
  authorization_ = {};
  key_.reset();
  expected_ = false;
  failed_.reset();
}

WantToken Exchange::Want() const {
  // A realm is as far inside as the host that names it, and what a redirect leads to names public ones only.
  const bool inside = !crossed_ && IsWithin(origin_address_, AddressKind::kLoopback);
  return {
      .key = key_, .endpoint = at_, .detour = detour(), .innermost = inside ? origin_address_ : AddressKind::kPublic};
}

Exchange::Step Exchange::RenewToken() {
  stale_token_ = {*key_, grant_.result->token};
  authorization_ = {};
  return Want();
}

Exchange::Step Exchange::Meet(const Challenge& challenge, bool expected) {
  met_ = challenge;
  expected_ = expected;
  if (!crossed_ && !credentials_) {
    return credential_question();
  }
  if (!crossed_ && credentials_->candidates.empty() && !credentials_->error.empty()) {
    return expected ? SendBare() : Unmet(Failure::kToken, credentials_->error);
  }
  return challenge.scheme == "basic" ? MeetBasic(expected) : MeetBearer(challenge, expected);
}

Exchange::Step Exchange::OnCredentials(CredentialAnswer answer) {
  credentials_ = std::move(answer);
  return Meet(*met_, expected_);
}

Exchange::Step Exchange::MeetBasic(bool expected) {
  const Credential* mine = credential();
  key_.reset();
  if (mine != nullptr && HasPassword(*mine)) return WantLogin{{at_.Origin(), *mine}};
  if (expected) return SendBare();
  return Unmet(Failure::kToken, mine == nullptr ? "asks for a user and password, and there are none for it"
                                                : "asks for a user and password, and there is only a token for it");
}

Exchange::Step Exchange::OnLogin(bool refused) {
  if (credential() == nullptr) return SendBare();
  const Credential& mine = *credential();
  reply_.answer.access = Access::kCredentials;
  if (refused) {
    if (NextCredential()) return Meet(*met_, false);
    return Unmet(Failure::kToken, "refused the user and password for other repositories; not tried again for a while");
  }
  authorization_ = {"Basic", std::make_shared<std::string>(text::Base64Encode(mine.username + ":" + mine.password))};
  return Send();
}

Exchange::Step Exchange::MeetBearer(const Challenge& challenge, bool expected) {
  const Credential* mine = credential();
  if (mine != nullptr && !mine->registry_token.empty() && SameOrigin(at_, origin_)) {
    key_.reset();
    reply_.answer.access = Access::kCredentials;
    authorization_ = {"Bearer", std::make_shared<std::string>(mine->registry_token)};
    return Send();
  }
  std::optional<Url> realm = ResolveUrl(at_, challenge.Parameter("realm"));
  if (!realm) {
    return expected ? SendBare() : Unmet(Failure::kToken, "names a token server that is no http or https URL");
  }
  if (reply_.answer.over_http && realm->scheme == "https" && SameHostAndPort(*realm, at_)) {
    realm = realm->OverHttp();
  }
  if (const auto why = WhyRealmRefused(*realm, at_, mine != nullptr)) {
    return expected ? SendBare() : Unmet(Failure::kRefusedRealm, *why);
  }
  key_ = std::make_shared<TokenKey>(TokenKey{.realm = realm->text,
                                             .service = challenge.Parameter("service"),
                                             .scopes = Scopes(request_.repository, challenge),
                                             .credential = mine == nullptr ? Credential() : ForToken(*mine),
                                             .endpoint = at_.Origin()});
  if (failed_ && failed_->first == *key_) return OnToken(failed_->second);
  return Want();
}

Exchange::Step Exchange::OnToken(const TokenGrant& grant) {
  const TokenResult& result = *grant.result;
  if (result.failure != Failure::kNone) {
    if (expected_) {
      // Some repositories need no token and get none; containerd would have asked without one first.
      failed_ = {*key_, grant};
      return SendBare();
    }
    reply_.answer.retry_at = result.retry_at;
    if ((result.refused || result.wrong_login) && NextCredential()) return Meet(*met_, false);
    return Unmet(result.failure, result.detail);
  }
  grant_ = grant;
  authorization_ = {"Bearer", {grant.result, &result.token}};
  if (!crossed_) reply_.answer.access = key_->Anonymous() ? Access::kAnonymousToken : Access::kCredentials;
  return Send();
}

Exchange::Step Exchange::SendBare() {
  authorization_ = {};
  key_.reset();
  expected_ = false;
  return Send();
}

Exchange::Step Exchange::Unmet(Failure failure, std::string detail) {
  // Being limited says nothing about rights.
  if (failure != Failure::kBudget) reply_.answer.access = Access::kDenied;
  return Fail(LacksHeaders() ? Failure::kRefusedRedirect : failure, std::move(detail));
}

Exchange::Step Exchange::Denied(const HttpResponse& response) {
  Step step = OnFinal(response);
  if (Reply* reply = std::get_if<Reply>(&step)) reply->answer.access = Access::kDenied;
  return step;
}

}  // namespace tagdrift::registry
