#include "kube/https_get.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>

namespace tagdrift::kube {
namespace {

constexpr char kDoing[] = "asking for pods";

struct EasyFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiFree {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

class Transfer {
 public:
  explicit Transfer(const HttpsRequest& request) : on_body_(request.on_body), limit_(request.body_limit) {
    headers_.reset(curl_slist_append(nullptr, "Accept: application/json"));
    if (!request.token.empty()) {
      headers_.reset(curl_slist_append(headers_.release(), ("Authorization: Bearer " + request.token).c_str()));
    }
    Set(CURLOPT_URL, request.url.c_str());
    Set(CURLOPT_USERAGENT, request.user_agent.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "https");
    Set(CURLOPT_FOLLOWLOCATION, 0L);
    Set(CURLOPT_PROXY, "");
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    Set(CURLOPT_QUICK_EXIT, 1L);
    Set(CURLOPT_HTTPHEADER, headers_.get());
    Set(CURLOPT_WRITEFUNCTION, OnBody);
    Set(CURLOPT_WRITEDATA, this);
    Set(CURLOPT_ERRORBUFFER, error_.data());
    SetTls(request);
  }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* easy() const { return easy_.get(); }

  absl::StatusOr<HttpsAnswer> Finish(CURLcode code) {
    if (too_large_) {
      return absl::ResourceExhaustedError(fmt::format("the answer has more than {} MiB", limit_ >> 20));
    }
    const int status = static_cast<int>(Number(CURLINFO_RESPONSE_CODE));
    if (code == CURLE_OK && status != 0) return HttpsAnswer{status, std::move(body_)};
    return Describe(code);
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(easy(), option, value);
  }

  void SetBlob(CURLoption option, const std::string& bytes) {
    curl_blob blob{.data = const_cast<char*>(bytes.data()), .len = bytes.size(), .flags = CURL_BLOB_COPY};
    curl_easy_setopt(easy(), option, &blob);
  }

  void SetTls(const HttpsRequest& request) {
    Set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    const long verify = request.pin.empty() ? 1L : 0L;
    Set(CURLOPT_SSL_VERIFYPEER, verify);
    Set(CURLOPT_SSL_VERIFYHOST, verify * 2);
    if (!request.pin.empty()) Set(CURLOPT_PINNEDPUBLICKEY, request.pin.c_str());
    if (!request.ca_pem.empty()) {
      SetBlob(CURLOPT_CAINFO_BLOB, request.ca_pem);
      Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
    if (request.client_key.empty()) return;
    Set(CURLOPT_SSLCERTTYPE, "PEM");
    Set(CURLOPT_SSLKEYTYPE, "PEM");
    SetBlob(CURLOPT_SSLCERT_BLOB, request.client_certificate);
    SetBlob(CURLOPT_SSLKEY_BLOB, request.client_key);
  }

  static std::size_t OnBody(char* bytes, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const bool wanted = transfer.Number(CURLINFO_RESPONSE_CODE) == 200;
    if (transfer.on_body_ && wanted) return transfer.on_body_({bytes, size}) ? size : 0;
    transfer.received_ += size;
    transfer.too_large_ = transfer.received_ > transfer.limit_;
    if (transfer.too_large_) return 0;
    if (wanted) transfer.body_.append(bytes, size);
    return size;
  }

  long Number(CURLINFO what) const {
    long value = 0;
    curl_easy_getinfo(easy(), what, &value);
    return value;
  }

  absl::Status Describe(CURLcode code) const {
    switch (code) {
      case CURLE_PEER_FAILED_VERIFICATION: {
        const long verified = Number(CURLINFO_SSL_VERIFYRESULT);
        return absl::FailedPreconditionError(fmt::format(
            "its certificate cannot be verified ({})",
            verified == X509_V_OK ? "it is not for this address" : X509_verify_cert_error_string(verified)));
      }
      case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return absl::FailedPreconditionError("its certificate is not the one in the kubelet's file");
      case CURLE_SSL_CERTPROBLEM:
        return absl::InvalidArgumentError("the client certificate or its key cannot be used");
      case CURLE_SSL_CACERT_BADFILE:
        return absl::InvalidArgumentError("the certificate authority's file holds no certificate");
      case CURLE_COULDNT_RESOLVE_HOST:
        return absl::UnavailableError("its name is not known");
      case CURLE_COULDNT_CONNECT: {
        const int os_error = static_cast<int>(Number(CURLINFO_OS_ERRNO));
        std::array<char, 128> buffer{};
        return absl::UnavailableError(
            os_error == 0 ? "cannot connect"
                          : fmt::format("cannot connect: {}", strerror_r(os_error, buffer.data(), buffer.size())));
      }
      case CURLE_OPERATION_TIMEDOUT:
        return absl::DeadlineExceededError("no complete answer in time");
      case CURLE_PARTIAL_FILE:
      case CURLE_GOT_NOTHING:
      case CURLE_RECV_ERROR:
      case CURLE_SEND_ERROR:
        return absl::UnavailableError(WantsClientCertificate() ? "it wants another client certificate"
                                                               : "the answer ended early");
      default:
        return absl::UnavailableError(WantsClientCertificate() ? "it wants another client certificate"
                                                               : curl_easy_strerror(code));
    }
  }

  /// With TLS 1.3 that comes when the handshake is over for the client.
  bool WantsClientCertificate() const {
    return std::string_view(error_.data()).find("alert") != std::string_view::npos;
  }

  std::unique_ptr<CURL, EasyFree> easy_{curl_easy_init()};
  std::unique_ptr<curl_slist, ListFree> headers_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  const std::function<bool(std::string_view)> on_body_;
  const std::size_t limit_;
  std::size_t received_ = 0;
  std::string body_;
  bool too_large_ = false;
};

/// Until something happens, but no longer than the context lasts.
int PollMilliseconds(const CallContext& context) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(context.Left(std::chrono::steady_clock::now()));
  return static_cast<int>(std::min<std::chrono::milliseconds::rep>(left.count(), 60'000));
}

}  // namespace

absl::StatusOr<HttpsAnswer> HttpsGet(const HttpsRequest& request, const CallContext& context) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) return absl::InternalError("libcurl cannot be used");
  const std::unique_ptr<CURLM, MultiFree> multi(curl_multi_init());
  Transfer transfer(request);
  curl_multi_add_handle(multi.get(), transfer.easy());
  const std::stop_callback wake(context.stop, [&multi] { curl_multi_wakeup(multi.get()); });
  absl::StatusOr<HttpsAnswer> answer = absl::UnknownError("");
  for (;;) {
    if (absl::Status status = context.Check(std::chrono::steady_clock::now(), kDoing); !status.ok()) {
      answer = std::move(status);
      break;
    }
    int running = 0;
    curl_multi_perform(multi.get(), &running);
    if (running == 0) {
      int left = 0;
      const CURLMsg* message = curl_multi_info_read(multi.get(), &left);
      answer = transfer.Finish(message == nullptr ? CURLE_FAILED_INIT : message->data.result);
      break;
    }
    curl_multi_poll(multi.get(), nullptr, 0, PollMilliseconds(context), nullptr);
  }
  curl_multi_remove_handle(multi.get(), transfer.easy());
  return answer;
}

}  // namespace tagdrift::kube
