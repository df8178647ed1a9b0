#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "containerd.h"
#include "scenario.h"
#include "scripted_server.h"

namespace tagdrift::lab {

/// The registries that play a scenario: one per host, and a store that has everything and from which the node gets what
/// it has cached.
class ScenarioStage {
 public:
  ScenarioStage();

  /// The scenario that is played from now on.
  void Set(const Scenario& scenario);

  /// The registry's name in references, and the reference of the tag.
  std::string Registry() const;
  std::string Reference() const { return Registry() + "/" + scenario_.repository + ":v1"; }

  /// The registry's hosts.toml while the node gets what it has cached, and afterwards.
  std::string StoreToml() const;
  std::string HostsToml() const;
  /// "http://127.0.0.1:PORT" of a host.
  std::string Url(std::size_t host) const;

  /// The requests since the last call: "0 HEAD /v2/r1/manifests/v1 200".
  std::vector<std::string> TakeRequests();

 private:
  ScriptedReply Answer(std::size_t server, const ScriptedRequest& request);
  ScriptedReply Play(std::size_t server, const ScriptedRequest& request) const;
  ScriptedReply PlayHost(std::size_t host, const ScriptedRequest& request, const std::string& kind,
                         const std::string& object) const;
  std::optional<ScriptedReply> Challenge(std::size_t host, const ScriptedRequest& request, bool is_tag_head) const;
  ScriptedReply Token(std::size_t host) const;
  ScriptedReply Tag(std::size_t host, const Behaviour& behaviour, const ScriptedRequest& request) const;
  ScriptedReply Content(std::size_t host, const Behaviour& behaviour, const ScriptedRequest& request,
                        const Blob& blob) const;
  const Artifact& Named(const std::string& name) const;
  const Blob* Find(const std::string& digest) const;

  Scenario scenario_;
  std::string mark_;  ///< of the artifacts
  std::vector<NamedArtifact> artifacts_;
  std::mutex mutex_;  ///< over all of it: a late request of the scenario before may still come in
  std::vector<std::string> requests_;
  std::vector<std::unique_ptr<ScriptedServer>> servers_;  ///< the last one is the store
};

}  // namespace tagdrift::lab
