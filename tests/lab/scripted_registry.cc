#include "scripted_registry.h"

#include <utility>

namespace tagdrift::lab {

ScriptedRegistry::ScriptedRegistry(Fault fault)
    : fault_(std::move(fault)), server_([this](const ScriptedRequest& request) { return Answer(request); }) {}

void ScriptedRegistry::Keep(const Artifact& artifact) {
  blobs_[artifact.document.digest] = artifact.document;
  for (const Blob& blob : artifact.blobs) blobs_[blob.digest] = blob;
  for (const Artifact& manifest : artifact.manifests) Keep(manifest);
}

void ScriptedRegistry::Push(const std::string& tag, const Artifact& artifact) {
  const std::lock_guard lock(mutex_);
  Keep(artifact);
  tags_[tag] = artifact.digest();
}

void ScriptedRegistry::SetFault(Fault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

ScriptedReply ScriptedRegistry::Answer(const ScriptedRequest& request) {
  const std::lock_guard lock(mutex_);
  if (fault_) {
    if (auto reply = fault_(request)) return *std::move(reply);
  }
  if (request.path == "/v2/") return ReplyOf(200, "{}");
  std::string object = request.path.substr(request.path.rfind('/') + 1);
  if (const auto tag = tags_.find(object); tag != tags_.end()) object = tag->second;
  const auto blob = blobs_.find(object);
  if (blob == blobs_.end()) return ReplyOf(404, R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"scripted"}]})");
  ScriptedReply reply = ReplyOf(200, blob->second.bytes);
  const bool as_blob = request.path.find("/blobs/") != std::string::npos;
  reply.headers = {{"Content-Type", as_blob ? "application/octet-stream" : blob->second.media_type},
                   {"Docker-Content-Digest", blob->second.digest}};
  return reply;
}

bool FromContainerd(const ScriptedRequest& request) {
  const auto agent = request.headers.find("user-agent");
  return agent != request.headers.end() && agent->second.starts_with("containerd");
}

}  // namespace tagdrift::lab
