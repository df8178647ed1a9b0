#pragma once

#include <functional>
#include <memory>
#include <string>

namespace tagdrift::serve {

/// Tells of TLS handshakes that fail on connections which gRPC has taken over. gRPC 1.51 has no callback for that, but
/// makes a connection's SSL object while it takes the connection over, and frees it when that ends; OpenSSL tells of
/// both. Thread safe.
class FailedHandshakes {
 public:
  /// Told from whom the connection was, and why: "certificate has expired".
  using Tell = std::function<void(const std::string& peer, const std::string& why)>;
  struct Listener;

  /// `tell` may be called on any thread, also by gRPC under its locks: it must not use gRPC.
  explicit FailedHandshakes(Tell tell);
  /// Waits for what is being told; of connections that are still open nothing is told any more.
  ~FailedHandshakes();
  FailedHandshakes(const FailedHandshakes&) = delete;
  FailedHandshakes& operator=(const FailedHandshakes&) = delete;

  /// Calls `take_over`, which makes the SSL object of the connection of `peer` on this thread.
  void Watch(std::string peer, const std::function<void()>& take_over) const;

 private:
  const std::shared_ptr<Listener> listener_;
};

}  // namespace tagdrift::serve
