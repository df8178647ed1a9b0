#include "step_proxy.h"

#include <chrono>
#include <utility>
#include <vector>

#include "failure.h"

namespace tagdrift::lab {
namespace {

/// What of a call's metadata belongs to the transport.
bool IsTransports(const std::string& name) {
  return name.starts_with(":") || name.starts_with("grpc-") || name == "user-agent" || name == "te" ||
         name == "content-type";
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

}  // namespace

/// One call, with a queue for both of its sides, so that a thread of its own can go through it step by step.
class StepProxy::Relay {
 public:
  explicit Relay(StepProxy& proxy) : proxy_(proxy), stub_(proxy.backend_) {
    context_.AsyncNotifyWhenDone(&done_);
    proxy_.service_.RequestCall(&context_, &caller_, &queue_, proxy_.calls_.get(), this);
  }
  ~Relay() {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) continue;
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  void Run() {
    grpc::ByteBuffer request;
    caller_.Read(&request, &step_);
    grpc::Status status(grpc::StatusCode::INTERNAL, "the proxy saw no request");
    if (Await()) {
      proxy_.Announce(context_.method(), request);
      status = Forward(request);
    }
    caller_.Finish(status, &step_);
    Await();
    AwaitEnd();
  }

 private:
  grpc::Status Forward(const grpc::ByteBuffer& request) {
    for (const auto& [name, value] : context_.client_metadata()) {
      const std::string text(name.data(), name.size());
      if (!IsTransports(text)) forwarded_.AddMetadata(text, std::string(value.data(), value.size()));
    }
    forwarded_.set_deadline(context_.deadline());
    const auto call = stub_.PrepareCall(&forwarded_, context_.method(), &queue_);
    call->StartCall(&step_);
    bool going = Await();
    if (going) {
      call->WriteLast(request, grpc::WriteOptions(), &step_);
      going = Await();
    }
    while (going) {
      grpc::ByteBuffer answer;
      call->Read(&answer, &step_);
      going = Await();
      if (!going) break;
      caller_.Write(answer, &step_);
      going = Await();
    }
    grpc::Status status;
    call->Finish(&status, &step_);
    Await();
    return status;
  }

  /// Waits for what was begun last, or for the end of the call. False: it failed.
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
      if (tag != &done_) return ok;
      done_ = true;
      if (context_.IsCancelled()) forwarded_.TryCancel();
    }
    return false;
  }

  void AwaitEnd() {
    void* tag = nullptr;
    bool ok = false;
    while (!done_ && queue_.Next(&tag, &ok)) done_ = tag == &done_;
  }

  StepProxy& proxy_;
  grpc::CompletionQueue queue_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter caller_{&context_};
  grpc::GenericStub stub_;
  grpc::ClientContext forwarded_;
  char step_ = 0;  ///< its address is the tag
  bool done_ = false;
};

StepProxy::StepProxy(const std::string& socket, const std::string& backend, BeforeStep before)
    : endpoint_("unix://" + socket), before_(std::move(before)) {
  grpc::ChannelArguments arguments;
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  backend_ = grpc::CreateCustomChannel(backend, grpc::InsecureChannelCredentials(), arguments);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterAsyncGenericService(&service_);
  calls_ = builder.AddCompletionQueue();
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) GiveUp("listening at " + endpoint_);
  acceptor_ = std::jthread([this] { Accept(); });
}

StepProxy::~StepProxy() {
  server_->Shutdown(std::chrono::system_clock::now());
  calls_->Shutdown();
  acceptor_.join();
  threads_.clear();
}

void StepProxy::Accept() {
  auto next = std::make_unique<Relay>(*this);
  void* tag = nullptr;
  bool ok = false;
  while (calls_->Next(&tag, &ok)) {
    if (!ok) continue;  // nobody called any more
    auto relay = std::exchange(next, nullptr);
    threads_.emplace_back([relay = std::move(relay)] { relay->Run(); });
    next = std::make_unique<Relay>(*this);
  }
}

void StepProxy::Announce(const std::string& method, const grpc::ByteBuffer& request) {
  const std::lock_guard lock(mutex_);
  before_({++steps_, method, BytesOf(request)});
}

}  // namespace tagdrift::lab
