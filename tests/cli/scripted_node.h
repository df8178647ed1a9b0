#pragma once

#include <grpcpp/server.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "call_gate.h"
#include "node/temporary_folder.h"
#include "scripted_image.h"

namespace tagdrift::cli {

/// A runtime on a unix socket with all services that the program calls. Names, leases, events and pulls behave as
/// containerd's do, and the CRI follows at once. Every call passes the gate.
class ScriptedNode {
 public:
  explicit ScriptedNode(CallGate& gate);
  ~ScriptedNode();
  ScriptedNode(const ScriptedNode&) = delete;
  ScriptedNode& operator=(const ScriptedNode&) = delete;

  std::string endpoint() const { return "unix://" + folder_.path() + "/runtime.sock"; }

  /// As if the tag had been pulled.
  void Add(const std::string& name, const ScriptedImage& image);
  /// What a pull by its digest brings.
  void AddToPull(const ScriptedImage& image);

  /// Digest that the name points to; empty where there is none.
  std::string Target(const std::string& name) const;
  std::set<std::string> names() const;
  /// Labels by lease.
  std::map<std::string, std::map<std::string, std::string>> leases() const;

 private:
  class Runtime;
  class ImageService;
  class Images;
  class Content;
  class Leases;
  class Snapshots;
  class Events;
  class Introduction;

  void SetName(const std::string& name, const std::string& digest);
  bool RemoveName(const std::string& name);
  void Emit(const std::string& topic, const std::string& name);

  CallGate& gate_;
  node::TemporaryFolder folder_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, ScriptedImage> images_;  ///< by digest, here or to be pulled
  std::map<std::string, std::string> names_;     ///< digest by name
  std::map<std::string, std::string> blobs_;     ///< of the content store
  std::map<std::string, std::string> source_;    ///< repository with registry, by digest
  std::set<std::string> snapshots_;
  std::map<std::string, std::map<std::string, std::string>> leases_;
  std::vector<std::pair<std::string, std::string>> emitted_;  ///< topic, name
  bool ended_ = false;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace tagdrift::cli
