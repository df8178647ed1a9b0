#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "registry/http/curl_failure.h"
#include "registry/http/endpoint.h"
#include "registry/http/http_message.h"
#include "registry/tls/tls_setup.h"

namespace tagdrift::registry {

/// Limits and settings of one endpoint's transfers.
struct TransferSettings {
  Endpoint endpoint;
  TlsSetup* tls = nullptr;
  absl::Duration connect_timeout;
  absl::Duration request_timeout;
};

/// One HTTP request on one libcurl handle: set up, collected within bounds, read out.
class Transfer {
 public:
  Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* easy() const { return easy_.get(); }

  /// Prepares the handle for `request`, which must live until Finish. It is given `limit` at most.
  void Begin(const HttpRequest& request, const TransferSettings& settings, absl::Time now, absl::Duration limit);

  /// Between Begin and the start: opens a connection rather than wait whether another one will turn out to take more
  /// requests at a time, which shows with its first answer.
  void OpenConnection();

  /// What came of it. `connections` is how many were opened for it.
  HttpResponse Finish(CURLcode code, const TransferSettings& settings, long* connections);

  bool SpokeHttp2() const;
  /// Has a connection and sends its request.
  bool sent() const { return sent_; }
  /// Something of the answer has come.
  bool answering() const { return header_bytes_ > 0; }

 private:
  struct EasyFree {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct ListFree {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  static int OnResolve(void*, void*, void* self);
  static curl_socket_t OnSocket(void* self, curlsocktype, curl_sockaddr* address);
  static int OnSend(void* self, char*, char*, int, int);
  static std::size_t OnHeader(char* bytes, std::size_t, std::size_t size, void* self);
  static std::size_t OnBody(char* bytes, std::size_t, std::size_t size, void* self);
  void SetHeaders(const HttpRequest& request);
  void SetMethod(const HttpRequest& request);
  void SetProxy(const TransferSettings& settings);
  static void NameTrouble(const CurlFailure& failure, TlsSetup& tls, HttpResponse& response);
  CurlFailure Describe(CURLcode code, const TransferSettings& settings) const;

  std::unique_ptr<CURL, EasyFree> easy_;
  std::unique_ptr<curl_slist, ListFree> headers_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  int header_lines_ = 0;
  std::size_t body_limit_ = 0;
  std::optional<AddressKind> innermost_;  ///< that may be connected to; nothing: any
  std::string refused_address_;           ///< the last that may not
  bool headers_too_large_ = false;
  bool headers_complete_ = false;
  bool over_budget_ = false;
  bool dialled_ = false;  ///< looks up a name or opens a connection for itself
  bool sent_ = false;     ///< has a connection to send on
};

}  // namespace tagdrift::registry
