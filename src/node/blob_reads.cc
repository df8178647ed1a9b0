#include "blob_reads.h"

#include <optional>
#include <string>
#include <utility>

#include "rpc.h"

namespace tagdrift::node {
namespace {

namespace content = containerd::services::content::v1;

/// More make nothing faster on a socket of the same machine.
constexpr std::size_t kStreams = 16;
/// Manifests and configs are rarely larger.
constexpr std::size_t kUsualBytes = 256 << 10;
/// Streams that may have more than that at a time.
constexpr std::size_t kLargeStreams = 4;

}  // namespace

/// The reading of one blob. At most one operation of it is under way, and its address is that operation's tag.
class BlobReads::Stream {
 public:
  enum class State {
    kUnderWay,  ///< wait for its next event
    kHasRead,   ///< it has a part, and is to be told when to go on
    kEnded,
  };

  Stream(std::shared_ptr<Stub> stub, const image::Digest& digest, std::size_t limit,
         std::chrono::nanoseconds call_limit, const CallContext& context)
      : stub_(std::move(stub)),
        digest_(digest),
        limit_(limit),
        rpc_("reading " + digest.Short() + " from containerd's content store", context, call_limit) {}

  /// Where it is not OK, nothing is under way.
  absl::Status Begin(grpc::CompletionQueue& queue) {
    if (absl::Status status = rpc_.Begin(); !status.ok()) return status;
    content::ReadContentRequest request;
    request.set_digest(digest_.text());
    reader_ = stub_->AsyncRead(&rpc_.InKubernetesNamespace().context(), request, &queue, this);
    return absl::OkStatus();
  }

  /// Takes the event of what was under way.
  State Take(bool ok) {
    switch (step_) {
      case Step::kBegin:
        if (ok) return State::kHasRead;
        break;
      case Step::kRead:
        if (ok && Append()) return State::kHasRead;
        break;
      case Step::kEnd:
        return State::kEnded;
    }
    step_ = Step::kEnd;
    reader_->Finish(&status_, this);
    return State::kUnderWay;
  }

  void ReadOn() {
    step_ = Step::kRead;
    reader_->Read(&part_, this);
  }

  bool IsLarge() const { return bytes_.size() > kUsualBytes; }
  const image::Digest& digest() const { return digest_; }

  /// After its end.
  absl::StatusOr<std::string> Result() && {
    if (is_too_large_) {
      return absl::ResourceExhaustedError(rpc_.doing() + ": it is larger than " + std::to_string(limit_) + " bytes");
    }
    if (!status_.ok()) return rpc_.Explain(status_);
    return std::move(bytes_);
  }

  bool has_turn = false;

 private:
  enum class Step { kBegin, kRead, kEnd };

  /// False, and the call is cancelled, where it is too much.
  bool Append() {
    is_too_large_ = part_.data().size() > limit_ - bytes_.size();
    if (is_too_large_) {
      rpc_.context().TryCancel();
      return false;
    }
    if (bytes_.empty()) {
      bytes_.swap(*part_.mutable_data());
    } else {
      bytes_ += part_.data();
    }
    return true;
  }

  const std::shared_ptr<Stub> stub_;
  const image::Digest digest_;
  const std::size_t limit_;
  Rpc rpc_;
  std::unique_ptr<grpc::ClientAsyncReader<content::ReadContentResponse>> reader_;
  Step step_ = Step::kBegin;
  content::ReadContentResponse part_;
  std::string bytes_;
  bool is_too_large_ = false;
  grpc::Status status_;
};

BlobReads::BlobReads(std::function<std::shared_ptr<Stub>()> stub, std::chrono::nanoseconds call_limit,
                     std::size_t limit, CallContext context)
    : stub_(std::move(stub)), call_limit_(call_limit), limit_(limit), context_(std::move(context)) {}

BlobReads::~BlobReads() {
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) continue;
}

void BlobReads::Run(const ContainerdClient::NextBlob& next, const ContainerdClient::OnBlob& on_read) {
  while (true) {
    while (open_.size() < kStreams) {
      const std::optional<image::Digest> digest = next();
      if (!digest) break;
      Open(*digest, on_read);
    }
    if (open_.empty()) return;
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    Stream& stream = *static_cast<Stream*>(tag);
    switch (stream.Take(ok)) {
      case Stream::State::kUnderWay:
        break;
      case Stream::State::kHasRead:
        ReadOn(stream);
        break;
      case Stream::State::kEnded:
        Close(stream, on_read);
        break;
    }
  }
}

void BlobReads::Open(const image::Digest& digest, const ContainerdClient::OnBlob& on_read) {
  auto stream = std::make_unique<Stream>(stub_(), digest, limit_, call_limit_, context_);
  if (absl::Status status = stream->Begin(queue_); !status.ok()) return on_read(digest, std::move(status));
  const Stream* key = stream.get();
  open_.emplace(key, std::move(stream));
}

void BlobReads::ReadOn(Stream& stream) {
  if (stream.IsLarge() && !stream.has_turn) {
    if (large_ == kLargeStreams) {
      waiting_.push_back(&stream);
      return;
    }
    ++large_;
    stream.has_turn = true;
  }
  stream.ReadOn();
}

void BlobReads::Close(Stream& stream, const ContainerdClient::OnBlob& on_read) {
  const std::unique_ptr<Stream> ended = std::move(open_.extract(&stream).mapped());
  if (ended->has_turn) {
    --large_;
    if (!waiting_.empty()) {
      ReadOn(*waiting_.front());
      waiting_.pop_front();
    }
  }
  on_read(ended->digest(), std::move(*ended).Result());
}

}  // namespace tagdrift::node
