#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "http2_server.h"

namespace tagdrift::bench {

/// A registry that has every tag of every repository, open or behind tokens that a second server issues to anyone. It
/// counts what it is asked.
class PretendRegistry {
 public:
  struct Settings {
    registry::ServerPair pair;
    std::chrono::milliseconds delay{0};
    std::uint32_t streams = 250;
    bool wants_token = false;
    bool http1 = false;  ///< HTTP/1.1 only
  };
  /// What arrived, until now.
  struct Seen {
    std::map<std::string, int> heads;   ///< 200 to HEAD of a manifest, by path
    std::map<std::string, int> tokens;  ///< issued, by scope
    int challenges = 0;                 ///< 401
    int others = 0;                     ///< anything else
    int connections = 0;                ///< to the registry
    int handshakes = 0;                 ///< with the registry
    int token_connections = 0;
    int token_handshakes = 0;
  };

  explicit PretendRegistry(Settings settings);

  /// "127.0.0.1:port".
  const std::string& Authority() const { return authority_; }
  Seen seen() const;

 private:
  using Answering = Said (PretendRegistry::*)(const Asked& asked);

  void Start(std::optional<Http2Server>& server, Answering answer);
  std::unique_ptr<registry::TestServer> StartHttp1(Answering answer);
  Said AnswerRegistry(const Asked& asked);
  Said AnswerToken(const Asked& asked);

  Settings settings_;
  Said config_;
  Said manifest_;
  mutable std::mutex mutex_;
  Seen seen_;
  std::string authority_;
  std::string token_authority_;
  std::optional<Http2Server> token_server_;
  std::optional<Http2Server> registry_;
  std::unique_ptr<registry::TestServer> http1_token_server_;
  std::unique_ptr<registry::TestServer> http1_registry_;
};

}  // namespace tagdrift::bench
