#include "serve/failed_handshakes.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <mutex>
#include <utility>

#include "absl/cleanup/cleanup.h"

namespace tagdrift::serve {

struct FailedHandshakes::Listener {
  std::mutex mutex;
  Tell tell;  ///< mutex; none: nobody listens any more
};

namespace {

/// Belongs to an SSL object.
class WatchedHandshake {
 public:
  std::shared_ptr<FailedHandshakes::Listener> listener;
  std::string peer;

  /// Of all SSL objects of the process.
  static int Index() {
    static const int kIndex = SSL_get_ex_new_index(0, nullptr, OnNew, nullptr, OnFree);
    return kIndex;
  }

  /// Of the SSL object that is made next on this thread.
  static thread_local std::unique_ptr<WatchedHandshake> next;

 private:
  static void OnNew(void* /*ssl*/, void* /*none*/, CRYPTO_EX_DATA* data, int index, long /*unused*/, void* /*unused*/) {
    if (next != nullptr && CRYPTO_set_ex_data(data, index, next.get()) == 1) (void)next.release();
  }

  /// What is read here OpenSSL 3.0 still has at this point.
  static void OnFree(void* ssl, void* watched, CRYPTO_EX_DATA* /*data*/, int /*index*/, long /*unused*/,
                     void* /*unused*/) {
    const std::unique_ptr<WatchedHandshake> handshake(static_cast<WatchedHandshake*>(watched));
    if (handshake != nullptr) handshake->End(*static_cast<const SSL*>(ssl));
  }

  void End(const SSL& ssl) const {
    const std::string why = WhyFailed(ssl);
    const std::lock_guard lock(listener->mutex);
    if (!why.empty() && listener->tell) listener->tell(peer, why);
  }

  /// Empty: it has succeeded. What breaks an encrypted connection later leaves the state of the handshake.
  static std::string WhyFailed(const SSL& ssl) {
    const long verified = SSL_get_verify_result(&ssl);
    if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
    if (SSL_get_state(&ssl) != TLS_ST_OK) return "not finished";
    const unsigned char* protocol = nullptr;
    unsigned int length = 0;
    SSL_get0_alpn_selected(&ssl, &protocol, &length);
    return length > 0 ? "" : "no protocol of gRPC was asked for";
  }
};

thread_local std::unique_ptr<WatchedHandshake> WatchedHandshake::next;

}  // namespace

FailedHandshakes::FailedHandshakes(Tell tell) : listener_(std::make_shared<Listener>()) {
  listener_->tell = std::move(tell);
}

FailedHandshakes::~FailedHandshakes() {
  const std::lock_guard lock(listener_->mutex);
  listener_->tell = nullptr;
}

void FailedHandshakes::Watch(std::string peer, const std::function<void()>& take_over) const {
  WatchedHandshake::Index();
  WatchedHandshake::next = std::make_unique<WatchedHandshake>();
  const absl::Cleanup forget = [] { WatchedHandshake::next.reset(); };
  WatchedHandshake::next->listener = listener_;
  WatchedHandshake::next->peer = std::move(peer);
  take_over();
}

}  // namespace tagdrift::serve
