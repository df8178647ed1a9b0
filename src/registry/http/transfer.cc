#include "registry/http/transfer.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tagdrift/text/text.h"

namespace tagdrift::registry {
namespace {

/// Each transfer has a buffer of its own for what it receives, which is a few headers as a rule: libcurl's usual 16 KiB
/// make 8 MiB where four registries are asked 128 questions at a time.
constexpr long kReceiveBuffer = 4 << 10;

long Milliseconds(absl::Duration duration) {
  return static_cast<long>(std::max<std::int64_t>(1, absl::ToInt64Milliseconds(duration)));
}

absl::Duration Taken(CURL* easy, CURLINFO what) {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy, what, &microseconds);
  return absl::Microseconds(microseconds);
}

long Number(CURL* easy, CURLINFO what) {
  long value = 0;
  curl_easy_getinfo(easy, what, &value);
  return value;
}

AddressKind PeerOf(CURL* easy) {
  const char* address = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
  const std::string host = address == nullptr ? "" : address;
  return KindOfAddress(host.find(':') == std::string::npos ? host : "[" + host + "]");
}

/// As in `Url::host`.
std::string HostOf(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
    return text;
  }
  inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  return "[" + std::string(text) + "]";
}

}  // namespace

Transfer::Transfer() : easy_(curl_easy_init()) {}

int Transfer::OnResolve(void*, void*, void* self) {
  static_cast<Transfer*>(self)->dialled_ = true;
  return 0;
}

curl_socket_t Transfer::OnSocket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.dialled_ = true;
  const std::string host = HostOf(address->addr);
  if (transfer.innermost_ && !IsWithin(KindOfAddress(host), *transfer.innermost_)) {
    transfer.refused_address_ = host;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int Transfer::OnSend(void* self, char*, char*, int, int) {
  static_cast<Transfer*>(self)->sent_ = true;
  return CURL_PREREQFUNC_OK;
}

std::size_t Transfer::OnHeader(char* bytes, std::size_t, std::size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.header_bytes_ += size;
  if (transfer.header_bytes_ > kHeaderLimit || ++transfer.header_lines_ > kHeaderLineLimit) {
    transfer.headers_too_large_ = true;
    return 0;
  }
  const std::string_view line(bytes, size);
  const bool status_line = line.starts_with("HTTP/");
  // A trailer after the body is no header.
  if (transfer.headers_complete_ && !status_line) return size;
  transfer.headers_complete_ = text::Trim(line).empty();
  if (status_line) transfer.response_.headers.clear();
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || status_line) return size;
  transfer.response_.headers.emplace_back(text::Lower(line.substr(0, colon)), text::Trim(line.substr(colon + 1)));
  return size;
}

std::size_t Transfer::OnBody(char* bytes, std::size_t, std::size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.response_.body.size() + size > transfer.body_limit_) {
    transfer.response_.too_large = true;
    transfer.response_.body.clear();
    return 0;
  }
  // Of an error's page the beginning is enough.
  const std::size_t kept = transfer.response_.body.size();
  const bool error = Number(transfer.easy(), CURLINFO_RESPONSE_CODE) >= 300;
  const std::size_t room = error ? kErrorBodyLimit - std::min(kept, kErrorBodyLimit) : size;
  const std::size_t taken = std::min(size, room);
  if (transfer.response_.hold && !transfer.response_.hold->Grow(taken)) {
    transfer.over_budget_ = true;
    return 0;
  }
  transfer.response_.body.append(bytes, taken);
  return size;
}

void Transfer::SetHeaders(const HttpRequest& request) {
  headers_.reset();
  bool accept = false;
  curl_slist* list = nullptr;
  for (const auto& [name, value] : request.headers) {
    accept = accept || name == "Accept";
    list = curl_slist_append(list, absl::StrCat(name, value.empty() ? ";" : ": ", value).c_str());
  }
  if (!accept) list = curl_slist_append(list, "Accept:");
  list = curl_slist_append(list, "Expect:");
  headers_.reset(list);
  curl_easy_setopt(easy(), CURLOPT_HTTPHEADER, list);
}

void Transfer::SetMethod(const HttpRequest& request) {
  switch (request.method) {
    case Method::kHead:
      curl_easy_setopt(easy(), CURLOPT_NOBODY, 1L);
      return;
    case Method::kGet:
      curl_easy_setopt(easy(), CURLOPT_HTTPGET, 1L);
      return;
    case Method::kPost:
      curl_easy_setopt(easy(), CURLOPT_POST, 1L);
      curl_easy_setopt(easy(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(easy(), CURLOPT_COPYPOSTFIELDS, request.body.c_str());
      return;
  }
}

void Transfer::SetProxy(const TransferSettings& settings) {
  // Both are always set: libcurl must not look at the environment.
  curl_easy_setopt(easy(), CURLOPT_PROXY, settings.endpoint.proxy.c_str());
  curl_easy_setopt(easy(), CURLOPT_NOPROXY, settings.endpoint.proxy.empty() ? "*" : "");
  curl_easy_setopt(easy(), CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy(), CURLOPT_PROXY_CAINFO, nullptr);
  curl_easy_setopt(easy(), CURLOPT_PROXY_CAPATH, nullptr);
}

void Transfer::Begin(const HttpRequest& request, const TransferSettings& settings, absl::Time now,
                     absl::Duration limit) {
  curl_easy_reset(easy());
  response_ = {};
  response_.hold = request.hold;
  over_budget_ = false;
  header_bytes_ = 0;
  header_lines_ = 0;
  headers_too_large_ = false;
  headers_complete_ = false;
  dialled_ = false;
  sent_ = false;
  body_limit_ = request.body_limit;
  // A proxy is asked wherever it is, and what it connects to is its own affair.
  innermost_ = settings.endpoint.proxy.empty() ? settings.endpoint.detour.innermost : std::nullopt;
  refused_address_.clear();
  error_[0] = '\0';
  const absl::Duration dial = absl::Milliseconds(settings.endpoint.dial_milliseconds);
  const absl::Duration request_timeout = std::min(settings.request_timeout, limit);
  const absl::Duration connect = std::min({dial, settings.connect_timeout, request_timeout});
  curl_easy_setopt(easy(), CURLOPT_URL, request.url.text.c_str());
  curl_easy_setopt(easy(), CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy(), CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy(), CURLOPT_BUFFERSIZE, kReceiveBuffer);
  curl_easy_setopt(easy(), CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy(), CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  // Over plain http each connection takes one request at a time: to wait for another's first answer would only hang
  // with it.
  curl_easy_setopt(easy(), CURLOPT_PIPEWAIT, request.url.scheme == "https" ? 1L : 0L);
  curl_easy_setopt(easy(), CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(connect));
  curl_easy_setopt(easy(), CURLOPT_TIMEOUT_MS, Milliseconds(request_timeout));
  curl_easy_setopt(easy(), CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy(), CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy(), CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy(), CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy(), CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy(), CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy(), CURLOPT_RESOLVER_START_FUNCTION, OnResolve);
  curl_easy_setopt(easy(), CURLOPT_RESOLVER_START_DATA, this);
  curl_easy_setopt(easy(), CURLOPT_OPENSOCKETFUNCTION, OnSocket);
  curl_easy_setopt(easy(), CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy(), CURLOPT_PREREQFUNCTION, OnSend);
  curl_easy_setopt(easy(), CURLOPT_PREREQDATA, this);
  SetMethod(request);
  SetHeaders(request);
  SetProxy(settings);
  ApplyTls(easy(), settings.endpoint, settings.tls);
  response_.asked_at = now;
}

void Transfer::OpenConnection() { curl_easy_setopt(easy(), CURLOPT_PIPEWAIT, 0L); }

void Transfer::NameTrouble(const CurlFailure& failure, TlsSetup& tls, HttpResponse& response) {
  NamedFailure named = NameFailure(failure);
  response.failure = named.failure;
  response.detail = std::move(named.detail);
  response.untrusted = IsUntrusted(failure);
  response.plain_http = std::exchange(tls.saw_http, false) || IsHandshakeTimeout(failure);
  response.no_connection = failure.stage == Stage::kConnecting && named.failure != hosts::Failure::kName;
}

CurlFailure Transfer::Describe(CURLcode code, const TransferSettings& settings) const {
  const absl::Duration resolved = Taken(easy(), CURLINFO_NAMELOOKUP_TIME_T);
  const absl::Duration connected = Taken(easy(), CURLINFO_CONNECT_TIME_T);
  const absl::Duration secured = Taken(easy(), CURLINFO_APPCONNECT_TIME_T);
  const absl::Duration total = Taken(easy(), CURLINFO_TOTAL_TIME_T);
  CurlFailure failure;
  failure.code = code;
  failure.dial_limit = absl::Milliseconds(settings.endpoint.dial_milliseconds);
  failure.stage_time = total;
  // On a reused connection, or while still queued for one, nothing was being set up.
  const bool setting_up = dialled_ && !sent_;
  if (setting_up && connected == absl::ZeroDuration()) {
    failure.stage = resolved == absl::ZeroDuration() ? Stage::kResolving : Stage::kConnecting;
  } else if (setting_up && settings.endpoint.scheme == "https" && secured == absl::ZeroDuration()) {
    failure.stage = Stage::kHandshake;
    failure.stage_time = total - connected;
  }
  failure.os_error = static_cast<int>(Number(easy(), CURLINFO_OS_ERRNO));
  failure.verify_result = Number(easy(), CURLINFO_SSL_VERIFYRESULT);
  failure.proxy_status = Number(easy(), CURLINFO_HTTP_CONNECTCODE);
  failure.tls_text = error_.data();
  return failure;
}

HttpResponse Transfer::Finish(CURLcode code, const TransferSettings& settings, long* connections) {
  *connections = Number(easy(), CURLINFO_NUM_CONNECTS);
  headers_.reset();
  HttpResponse response = std::move(response_);
  response.latency = Taken(easy(), CURLINFO_TOTAL_TIME_T);
  if (settings.endpoint.proxy.empty()) response.address = PeerOf(easy());
  // libcurl takes a connection closed in the middle of the headers for the end of a short answer.
  if (code == CURLE_OK && !headers_complete_) code = CURLE_PARTIAL_FILE;
  if (headers_complete_) response.status = static_cast<int>(Number(easy(), CURLINFO_RESPONSE_CODE));
  if (code == CURLE_OK || response.too_large) return response;
  response.body = {};
  response.hold.reset();
  if (headers_too_large_) {
    response.status = 0;
    response.failure = hosts::Failure::kBudget;
    response.detail = "the answer's headers are more than 64 KiB or 500 lines";
  } else if (over_budget_) {
    response.failure = hosts::Failure::kBudget;
    response.detail = "sends more content than tagdrift holds of one host at a time";
  } else if (code == CURLE_COULDNT_CONNECT && !refused_address_.empty()) {
    response.failure = hosts::Failure::kRefusedRedirect;
    response.detail = "internal address " + refused_address_ + " of " + settings.endpoint.host;
  } else {
    NameTrouble(Describe(code, settings), *settings.tls, response);
  }
  return response;
}

bool Transfer::SpokeHttp2() const { return Number(easy(), CURLINFO_HTTP_VERSION) == CURL_HTTP_VERSION_2_0; }

}  // namespace tagdrift::registry
