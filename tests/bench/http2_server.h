#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../registry/test_server.h"

namespace tagdrift::bench {

/// A request as the server read it.
struct Asked {
  std::string method;
  std::string target;  ///< path and query
  std::string authorization;
};

/// What it sends back; `body` is left out for HEAD.
struct Said {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// An HTTPS server on loopback that speaks HTTP/2 only and says everything a set time after it was asked. One thread
/// and little work, so that what is measured beside it is not disturbed.
class Http2Server {
 public:
  struct Settings {
    registry::ServerPair pair;
    std::chrono::milliseconds delay{0};
    std::uint32_t streams = 250;  ///< at a time on one connection
  };
  /// Called on the server's thread.
  using Answer = std::function<Said(const Asked&)>;

  Http2Server(Settings settings, Answer answer);
  /// Closes every connection and joins.
  ~Http2Server();
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  /// "127.0.0.1:port".
  std::string Authority() const { return "127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }  ///< accepted
  int handshakes() const { return handshakes_; }    ///< completed

 private:
  struct Connection;
  struct Loop;

  void Run();
  void Accept();
  void Serve(int socket);
  void SayWhatIsDue();

  Settings settings_;
  Answer answer_;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<int> handshakes_ = 0;
  std::unique_ptr<Loop> loop_;
  std::jthread thread_;
};

}  // namespace tagdrift::bench
