#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "../lab/artifact.h"
#include "http2_server.h"

namespace tagdrift::bench {

/// A registry over TLS and HTTP/2 that has what it is given. Thread safe.
class BlobRegistry {
 public:
  struct Seen {
    int heads = 0;   ///< of manifests
    int others = 0;  ///< any other request
  };

  BlobRegistry(const registry::ServerPair& pair, std::chrono::milliseconds delay, std::uint32_t streams);

  /// `name`: "repository:tag".
  void Push(const std::string& name, const lab::Artifact& artifact);

  /// "127.0.0.1:port".
  std::string Authority() const { return server_.Authority(); }
  /// Since the last call.
  Seen TakeSeen();

 private:
  Said Answer(const Asked& asked);

  std::mutex mutex_;
  std::map<std::string, std::string> tags_;  ///< digest by name
  std::map<std::string, lab::Blob> blobs_;
  Seen seen_;
  Http2Server server_;
};

}  // namespace tagdrift::bench
