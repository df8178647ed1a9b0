#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "artifact.h"
#include "scripted_server.h"

namespace tagdrift::lab {

/// A registry that has what it is given, and does to single requests whatever a test says.
class ScriptedRegistry {
 public:
  /// Nothing: the request is answered as a registry does.
  using Fault = std::function<std::optional<ScriptedReply>(const ScriptedRequest&)>;

  explicit ScriptedRegistry(Fault fault = {});

  /// Of every repository.
  void Push(const std::string& tag, const Artifact& artifact);
  void SetFault(Fault fault);

  std::string url() const { return server_.url(); }
  const std::string& host() const { return server_.host(); }

 private:
  ScriptedReply Answer(const ScriptedRequest& request);
  void Keep(const Artifact& artifact);

  std::mutex mutex_;
  Fault fault_;
  std::map<std::string, Blob> blobs_;
  std::map<std::string, std::string> tags_;
  ScriptedServer server_;  ///< last: it answers from the others
};

/// True for containerd's own requests, as against tagdrift's.
bool FromContainerd(const ScriptedRequest& request);

}  // namespace tagdrift::lab
