#include "blob_registry.h"

#include <utility>

namespace tagdrift::bench {

BlobRegistry::BlobRegistry(const registry::ServerPair& pair, std::chrono::milliseconds delay, std::uint32_t streams)
    : server_({.pair = pair, .delay = delay, .streams = streams},
              [this](const Asked& asked) { return Answer(asked); }) {}

void BlobRegistry::Push(const std::string& name, const lab::Artifact& artifact) {
  const std::lock_guard lock(mutex_);
  tags_[name] = artifact.digest();
  blobs_[artifact.digest()] = artifact.document;
  for (const lab::Blob& blob : artifact.blobs) blobs_[blob.digest] = blob;
}

BlobRegistry::Seen BlobRegistry::TakeSeen() {
  const std::lock_guard lock(mutex_);
  return std::exchange(seen_, {});
}

Said BlobRegistry::Answer(const Asked& asked) {
  const std::lock_guard lock(mutex_);
  const std::string path = asked.target.substr(0, asked.target.find('?'));
  const bool is_manifest = path.find("/manifests/") != std::string::npos;
  ++(is_manifest && asked.method == "HEAD" ? seen_.heads : seen_.others);
  const std::string kind = is_manifest ? "/manifests/" : "/blobs/";
  const std::size_t at = path.find(kind);
  if (!path.starts_with("/v2/") || at == std::string::npos) return {.status = 404, .headers = {}, .body = {}};
  std::string object = path.substr(at + kind.size());
  if (const auto tag = tags_.find(path.substr(4, at - 4) + ":" + object); tag != tags_.end()) object = tag->second;
  const auto found = blobs_.find(object);
  if (found == blobs_.end()) return {.status = 404, .headers = {}, .body = {}};
  const lab::Blob& blob = found->second;
  return {.status = 200,
          .headers = {{"content-type", is_manifest ? blob.media_type : "application/octet-stream"},
                      {"docker-content-digest", blob.digest},
                      {"content-length", std::to_string(blob.bytes.size())}},
          .body = blob.bytes};
}

}  // namespace tagdrift::bench
