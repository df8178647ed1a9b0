#pragma once

#include <grpcpp/completion_queue.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "containerd/services/content/v1/content.grpc.pb.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/node/containerd_client.h"

namespace tagdrift::node {

/// Reads blobs of containerd's content store by the calling thread, several streams at a time. Bounded in memory: few
/// streams at a time read on once they have more than documents usually take, the others wait for their turn.
class BlobReads {
 public:
  using Stub = containerd::services::content::v1::Content::Stub;

  /// Each stream takes its stub from `stub` and lasts at most `call_limit`; blobs above `limit` bytes are not read to
  /// the end.
  BlobReads(std::function<std::shared_ptr<Stub>()> stub, std::chrono::nanoseconds call_limit, std::size_t limit,
            CallContext context);
  ~BlobReads();
  BlobReads(const BlobReads&) = delete;
  BlobReads& operator=(const BlobReads&) = delete;

  /// As ContainerdClient::ReadMany; to be called once.
  void Run(const ContainerdClient::NextBlob& next, const ContainerdClient::OnBlob& on_read);

 private:
  class Stream;

  void Open(const image::Digest& digest, const ContainerdClient::OnBlob& on_read);
  /// Has a stream read on, or wait for its turn.
  void ReadOn(Stream& stream);
  void Close(Stream& stream, const ContainerdClient::OnBlob& on_read);

  const std::function<std::shared_ptr<Stub>()> stub_;
  const std::chrono::nanoseconds call_limit_;
  const std::size_t limit_;
  const CallContext context_;
  grpc::CompletionQueue queue_;
  std::map<const Stream*, std::unique_ptr<Stream>> open_;
  std::size_t large_ = 0;        ///< streams that have their turn
  std::deque<Stream*> waiting_;  ///< for their turn; nothing of theirs is under way
};

}  // namespace tagdrift::node
