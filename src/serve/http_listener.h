#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "serve/http_message.h"

namespace tagdrift::serve {

/// Answers HTTP at one address, on one thread that never waits for a client: a slow one delays nobody else.
class HttpListener {
 public:
  struct Limits {
    /// Open at a time. The one that has been open longest makes room for a new one.
    std::size_t connections = 64;
    /// From being accepted to being closed.
    std::chrono::milliseconds connection_time{5000};
  };

  /// Listens at `address` and nowhere else: "127.0.0.1:9614", "[::1]:9614"; port 0 is any free one. Other processes
  /// cannot share it. Errors: InvalidArgument naming the address, what the system said of it, or Unavailable: there are
  /// no more threads.
  static absl::StatusOr<std::unique_ptr<HttpListener>> Start(std::string_view address, HttpHandlers handlers,
                                                             Limits limits);
  static absl::StatusOr<std::unique_ptr<HttpListener>> Start(std::string_view address, HttpHandlers handlers) {
    return Start(address, std::move(handlers), Limits());
  }

  /// Closes all connections. Waits for a handler that is being called, for no client.
  virtual ~HttpListener() = default;

  virtual std::uint16_t port() const = 0;
};

}  // namespace tagdrift::serve
