#include "registry/exchange/exchange.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

#include "registry/exchange/product.h"
#include "registry/exchange/request_headers.h"
#include "registry/http/json_bodies.h"
#include "registry/http/redirect_rules.h"
#include "registry/http/retry_after.h"

namespace tagdrift::registry {
namespace {

using hosts::Access;
using hosts::Failure;

constexpr std::size_t kMaxContentType = 128;
// Longer than any digest is.
constexpr std::size_t kMaxDigest = 256;

bool IsSuccess(int status) { return status >= 200 && status <= 299; }

std::string WithoutParameters(const std::string& content_type) {
  std::string type = content_type.substr(0, std::min(content_type.find(';'), kMaxContentType));
  type.erase(type.find_last_not_of(" \t") + 1);
  for (char& c : type) c = c < 0x20 || c > 0x7e ? '?' : c;
  return type;
}

std::optional<std::int64_t> ParseLength(const std::string* text) {
  if (text == nullptr) return std::nullopt;
  std::int64_t length = -1;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error != std::errc() || end != text->data() + text->size() || length < 0) return std::nullopt;
  return length;
}

std::string HostKind(Question question) { return question == Question::kBlob ? "blobs" : "manifests"; }

}  // namespace

Exchange::Exchange(Request request, Settings settings) : request_(std::move(request)), settings_(std::move(settings)) {}

Exchange::Step Exchange::Start() {
  const hosts::RegistryHost& host = *request_.host;
  if (host.scheme.empty() || host.host.empty()) return Fail(Failure::kUnusable, "the entry names no host");
  const auto url = ParseUrl(
      hosts::RequestUrl(host, request_.registry, request_.repository, HostKind(request_.question), request_.object));
  if (!url) return Fail(Failure::kUnusable, "the entry makes no usable URL");
  if (!ConfiguredHeaders(request_).second) return Fail(Failure::kUnusable, "a configured header is not valid in HTTP");
  // It comes from whoever wrote the image, and goes into a header line.
  if (!IsHeaderValue(request_.media_type)) {
    return Fail(Failure::kUnusable, "the content's media type is not valid in HTTP");
  }
  origin_ = *url;
  at_ = *url;
  method_ = request_.question == Question::kResolve ? Method::kHead : Method::kGet;
  return Approach{at_};
}

Exchange::Step Exchange::Plan(const EndpointHints& hints) {
  if (SameOrigin(at_, origin_)) origin_address_ = hints.address;
  const bool fallback = request_.host->http_fallback && at_.scheme == "https" && SameHostAndPort(at_, origin_);
  if (hints.plain_http && fallback) return GoOverHttp();
  if (authorization_) return Send();
  const std::optional<Challenge> challenge = Expected(hints, request_.repository);
  return challenge ? Meet(*challenge, true) : Send();
}

Detour Exchange::detour() const {
  if (SameOrigin(at_, origin_)) return {};
  Detour detour{.from = origin_.Authority(), .innermost = {}};
  if (at_.host != origin_.host) {
    const bool from_here = origin_address_ == AddressKind::kLoopback;
    detour.innermost = from_here ? AddressKind::kLoopback : AddressKind::kPrivate;
  }
  return detour;
}

Exchange::Step Exchange::Send() const {
  return HttpRequest{.method = method_, .url = at_, .headers = Headers(), .body = {}};
}

std::vector<std::pair<std::string, std::string>> Exchange::Headers() const {
  HeaderList headers = {{"Accept", AcceptLine(request_)}, {"User-Agent", settings_.user_agent}};
  if (!crossed_) {
    for (auto& header : ConfiguredHeaders(request_).first) {
      const bool replaced = authorization_ && strcasecmp(header.first.c_str(), "authorization") == 0;
      if (!replaced) headers.push_back(std::move(header));
    }
  }
  if (authorization_) headers.emplace_back("Authorization", authorization_.scheme + (" " + *authorization_.value));
  return headers;
}

Exchange::Step Exchange::OnResponse(const HttpResponse& response) {
  fell_back_ = false;
  if (SameOrigin(at_, origin_) && response.status != 0) origin_address_ = response.address;
  if (reply_.answer.asked_at == absl::Time()) reply_.answer.asked_at = response.asked_at;
  if (response.failure != Failure::kNone) return OnFailure(response);
  if (IsRedirect(response.status)) {
    const std::string* location = response.Header("location");
    if (location != nullptr && !location->empty()) return OnRedirect(response, *location);
  }
  if (response.status == 401) return OnChallenge(response);
  if (response.status == 403 && NextCredential()) return Meet(*met_, false);
  // Amazon's public registry answers a token that has run out like that, without a challenge.
  if (response.status == 400 && key_ && !grant_.young && authorization_) return RenewToken();
  if (response.status == 405 && method_ == Method::kHead) {
    method_ = Method::kGet;
    return Send();
  }
  return OnFinal(response);
}

bool Exchange::FallsBack(const HttpResponse& response) const {
  if (!request_.host->http_fallback || at_.scheme != "https" || !SameHostAndPort(at_, origin_)) return false;
  // Without a port, http is another port: containerd tries that one when nothing listens here.
  return response.plain_http || (response.no_connection && !at_.explicit_port);
}

Exchange::Step Exchange::GoOverHttp() {
  at_ = at_.OverHttp();
  origin_ = origin_.OverHttp();
  reply_.answer.over_http = true;
  return Approach{at_};
}

Exchange::Step Exchange::OnFailure(const HttpResponse& response) {
  if (FallsBack(response)) {
    fell_back_ = true;
    return GoOverHttp();
  }
  reply_.answer.latency = response.latency;
  reply_.answer.retry_at = response.retry_at;
  reply_.answer.untrusted = response.untrusted && !crossed_;
  // Content that broke off: containerd does not ask the next host for it.
  if (AsksForContent()) reply_.answer.status = response.status;
  // A GET in a HEAD's place is read to the end only where its head does not say enough.
  if (request_.question == Question::kResolve && method_ == Method::kGet && !follow_up_ && response.status != 0) {
    Note(response);
    if (!IsSuccess(response.status) || !LacksDigest()) return std::move(reply_);
    follow_up_ = true;
  }
  const bool refused = response.failure == Failure::kRefusedRedirect;
  return Fail(response.failure, refused ? "redirected to the " + response.detail : response.detail);
}

Exchange::Step Exchange::OnRedirect(const HttpResponse& response, const std::string& location) {
  const std::optional<Url> next = ResolveUrl(at_, location);
  reply_.answer.latency = response.latency;
  if (!next) return Fail(Failure::kRedirectLoop, "redirected to nowhere");
  if (++redirects_ >= kMaxChain) return Fail(Failure::kRedirectLoop, "stopped after 10 redirects");
  if (const auto why = WhyRedirectRefused(at_, *next, settings_.through_proxy && settings_.through_proxy(*next))) {
    return Fail(Failure::kRefusedRedirect, *why);
  }
  if (!SameOrigin(at_, *next)) {
    if (!crossed_) origin_authorization_ = authorization_;
    crossed_ = true;
    authorization_ = {};
    key_.reset();
    met_.reset();
    challenges_ = 0;
  }
  at_ = *next;
  return Approach{at_};
}

bool Exchange::LacksHeaders() const {
  if (!crossed_) return false;
  const HeaderList configured = ConfiguredHeaders(request_).first;
  return std::any_of(configured.begin(), configured.end(),
                     [this](const auto& header) { return GoSendsAlong(header.first, origin_, at_); });
}

Exchange::Step Exchange::Fail(Failure failure, std::string detail) {
  reply_.answer.failure = failure;
  reply_.answer.failure_detail = std::move(detail);
  reply_.answer.get_failed = follow_up_;
  return std::move(reply_);
}

void Exchange::Note(const HttpResponse& response) {
  hosts::Answer& answer = reply_.answer;
  answer.status = response.status;
  answer.latency = response.latency;
  if (const std::string* type = response.Header("content-type")) answer.content_type = WithoutParameters(*type);
  if (const std::string* digest = response.Header("docker-content-digest"))
    answer.digest_header = digest->substr(0, kMaxDigest);
  answer.content_length = ParseLength(response.Header("content-length"));
  answer.location_missing = response.status >= 300 && response.status <= 399;
  if (response.status == 403) answer.access = Access::kDenied;
  if (!crossed_) answer.product = ProductOf(response, met_);
}

void Exchange::NoteContent(const HttpResponse& response) {
  hosts::Answer& answer = reply_.answer;
  answer.too_large = response.too_large;
  if (response.too_large) return;
  const std::string* type = response.Header("content-type");
  answer.get = hosts::GetAnswer{.status = response.status,
                                .content_type = type == nullptr ? "" : WithoutParameters(*type),
                                .digest = image::Digest::OfBytes(response.body),
                                .size = static_cast<std::int64_t>(response.body.size())};
  if (response.status >= 400) answer.error_code = FirstErrorCode(response.body);
}

bool Exchange::NeedsFollowUp() const {
  return method_ == Method::kHead && IsSuccess(reply_.answer.status) && LacksDigest();
}

bool Exchange::LacksDigest() const {
  const hosts::Answer& answer = reply_.answer;
  const bool by_digest = request_.object.find(':') != std::string::npos;
  return !answer.content_length || (!by_digest && answer.digest_header.value_or("").empty());
}

bool Exchange::AsksForContent() const {
  return request_.question == Question::kManifest || request_.question == Question::kBlob;
}

Exchange::Step Exchange::OnFinal(const HttpResponse& response) {
  // Not confirmed, and containerd goes by the answer to a HEAD.
  if (request_.question == Question::kConfirm && response.status != 404) return AskAfresh();
  if (response.status >= 400 && LacksHeaders()) {
    return Fail(Failure::kRefusedRedirect, "redirected to " + at_.host + ", which answered " +
                                               std::to_string(response.status) +
                                               " without the configured headers: tagdrift sends them to no other host");
  }
  if (!follow_up_) Note(response);
  if (response.status >= 400) reply_.answer.retry_at = RetryAt(response);
  if (method_ == Method::kGet) NoteContent(response);
  if (NeedsFollowUp()) return FollowUp();
  if (AsksForContent() && IsSuccess(response.status) && !response.too_large) {
    reply_.body = response.body;
    reply_.hold = response.hold;
  }
  return std::move(reply_);
}

Exchange::Step Exchange::FollowUp() {
  follow_up_ = true;
  method_ = Method::kGet;
  return FromTheStart();
}

Exchange::Step Exchange::AskAfresh() {
  request_.question = Question::kResolve;
  method_ = Method::kHead;
  return FromTheStart();
}

Exchange::Step Exchange::FromTheStart() {
  redirects_ = 0;
  challenges_ = 0;
  met_.reset();
  if (crossed_) {
    crossed_ = false;
    key_.reset();
    authorization_ = origin_authorization_;
  }
  at_ = origin_;
  return Approach{at_};
}

}  // namespace tagdrift::registry
