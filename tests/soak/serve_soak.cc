// serve_soak [--seconds N]: `tagdrift serve` for an hour, seen from outside. Its tag moves on the node, hosts.toml is
// rewritten, rounds are made every second and on demand; readers come over connections of their own, watchers come,
// read or freeze, and go; actions are planned; garbage arrives. Prints what the daemon takes a dozen times; ends with 1
// when that grows after the first third (memory by more than a tenth, threads and descriptors at all), an answer is
// wrong, or the daemon ends.
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "bench/process_usage.h"
#include "cli/running_binary.h"
#include "cli/scripted_scene.h"
#include "containerd/services/images/v1/images.grpc.pb.h"
#include "tagdrift/v1/node_cache.grpc.pb.h"

namespace tagdrift::soak {
namespace {

namespace images_v1 = containerd::services::images::v1;
using std::chrono::seconds;
using std::chrono::steady_clock;

#ifdef TAGDRIFT_SANITIZED
constexpr bool kMemoryCounts = false;  // freed memory is kept to find its use
#else
constexpr bool kMemoryCounts = true;
#endif

constexpr seconds kPatience(60);
/// Threads of gRPC's and its connections come and go.
constexpr std::size_t kSlack = 4;
constexpr double kSlackMib = 2;

void SetDeadline(grpc::ClientContext& context) { context.set_deadline(std::chrono::system_clock::now() + kPatience); }

/// A stream that takes the first message, or not even that.
class Watch {
 public:
  Watch(const std::shared_ptr<grpc::Channel>& channel, bool reads) : stub_(v1::NodeCache::NewStub(channel)) {
    stream_ = stub_->WatchReport(&context_, {});
    v1::WatchReportResponse message;
    if (reads) right_ = stream_->Read(&message) && message.has_report();
  }
  ~Watch() {
    context_.TryCancel();
    v1::WatchReportResponse message;
    while (stream_->Read(&message)) {
    }
    stream_->Finish();
  }
  bool right() const { return right_; }

 private:
  const std::unique_ptr<v1::NodeCache::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchReportResponse>> stream_;
  bool right_ = true;
};

class ServeSoak {
 public:
  ServeSoak() : images_(images_v1::Images::NewStub(Channel(scene_.node().endpoint()))) {
    // What the tag will be moved to.
    scene_.node().Add(scene_.repository() + ":new", scene_.new_image());
    daemon_ = std::make_unique<cli::RunningBinary>(scene_.Arguments(
        "serve", {"--socket-dir", Path("run"), "--state-dir", folder_.path(), "--metrics", "off", "--health", "off",
                  "--pods-from", "none", "--interval", "1s", "--max-rate", "1000"}));
  }

  bool Run(seconds length) {
    // Agents are started together, so that the first round may wait for ten seconds.
    const auto started = steady_clock::now();
    while (!Get("reader.sock", {}).ok()) {
      if (daemon_->AwaitEnd(std::chrono::milliseconds(50)) || steady_clock::now() > started + kPatience) {
        Fail("there is no report: " + daemon_->streams().err);
        return false;
      }
    }
    const auto began = steady_clock::now();
    std::cout << fmt::format("{:>8} {:>8} {:>13} {:>8} {:>12}\n", "seconds", "steps", "resident MiB", "threads",
                             "descriptors");
    constexpr int kParts = 12;
    std::optional<bench::ProcessUsage> first;
    for (int part = 1; part <= kParts && right_; ++part) {
      do {
        Step();
      } while (steady_clock::now() < began + length * part / kParts && right_);
      if (part != kParts / 3 && part != kParts) {
        Print(bench::UsageOf(daemon_->pid()), steady_clock::now() - began);
        continue;
      }
      for (auto& watch : watches_) watch.reset();
      const bench::ProcessUsage now = Settle(first);
      Print(now, steady_clock::now() - began);
      if (first) Compare(*first, now);
      first = now;
    }
    daemon_->Signal(SIGTERM);
    if (daemon_->AwaitEnd(kPatience) != 0) Fail("it does not end as it should: " + daemon_->streams().err);
    return right_;
  }

 private:
  void Fail(const std::string& what) {
    std::cout << "FAILED: " << what << std::endl;
    right_ = false;
  }

  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }

  static std::shared_ptr<grpc::Channel> Channel(const std::string& endpoint) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), arguments);
  }
  /// A connection of its own.
  std::shared_ptr<grpc::Channel> To(const std::string& socket) const {
    return Channel("unix://" + Path("run") + "/" + socket);
  }
  grpc::Status Get(const std::string& socket, const v1::GetReportRequest& request) {
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::NodeCache::NewStub(To(socket))->GetReport(&context, request, &answer_);
  }

  void Step() {
    const bool stale = ++steps_ % 2 == 0;
    Move(stale ? scene_.old_image() : scene_.new_image());
    if (steps_ % 10 == 0) {
      scene_.folder().Write("certs.d/" + scene_.registry() + "/hosts.toml",
                            fmt::format("server = \"http://{}\"\n# {}\n", scene_.registry(), steps_));
    }
    v1::GetReportRequest anew;
    anew.set_refresh(true);
    Expect("a round", Get("operator.sock", anew));
    for (const v1::TagReport& tag : answer_.report().tags()) {
      const v1::Verdict wanted = stale ? v1::VERDICT_STALE : v1::VERDICT_FRESH;
      if (tag.reference() == scene_.tag() && tag.verdict() != wanted) {
        Fail(fmt::format("step {}: {} is {}", steps_, tag.reference(), v1::Verdict_Name(tag.verdict())));
      }
    }
    Expect("a report", Get("reader.sock", {}));
    if (answer_.report().tags_size() != 2) Fail(fmt::format("{} tags", answer_.report().tags_size()));
    auto& watch = watches_[static_cast<std::size_t>(steps_) % watches_.size()];
    watch = std::make_unique<Watch>(To("reader.sock"), steps_ % 3 != 0);
    if (!watch->right()) Fail("a watcher has no report");
    Plan();
    SendGarbage();
    if (daemon_->AwaitEnd(std::chrono::milliseconds(0))) Fail("the daemon has ended: " + daemon_->streams().err);
  }

  void Expect(const std::string& what, const grpc::Status& status) {
    if (!status.ok()) Fail(what + ": " + status.error_message());
  }

  /// As `ctr images tag --force` does.
  void Move(const cli::ScriptedImage& image) {
    images_v1::UpdateImageRequest request;
    request.mutable_image()->set_name(scene_.tag());
    request.mutable_image()->mutable_target()->set_digest(image.digest);
    images_v1::UpdateImageResponse response;
    grpc::ClientContext context;
    context.AddMetadata("containerd-namespace", "k8s.io");
    SetDeadline(context);
    Expect("moving the tag", images_->Update(&context, request, &response));
  }

  void Plan() {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::RefreshRequest request;
    request.add_references(scene_.tag());
    const auto stub = v1::NodeCacheActions::NewStub(To("operator.sock"));
    const auto stream = stub->Refresh(&context, request);
    v1::RefreshResponse event;
    while (stream->Read(&event)) {
    }
    Expect("a plan", stream->Finish());
  }

  void SendGarbage() const {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (Path("run") + "/reader.sock").c_str(), sizeof(address.sun_path) - 1);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
      const std::string garbage = fmt::format("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense {}", steps_);
      send(fd, garbage.data(), garbage.size() - static_cast<std::size_t>(steps_) % 30, MSG_NOSIGNAL);
    }
    close(fd);
  }

  /// When what has gone is forgotten; `wanted` is waited for, for a while.
  bench::ProcessUsage Settle(const std::optional<bench::ProcessUsage>& wanted) {
    const auto least = steady_clock::now() + seconds(2);
    const auto until = least + kPatience;
    bench::ProcessUsage now = bench::UsageOf(daemon_->pid());
    const auto settled = [&] {
      now = bench::UsageOf(daemon_->pid());
      return steady_clock::now() > least && (!wanted || Flat(*wanted, now));
    };
    while (!settled() && steady_clock::now() < until) daemon_->AwaitEnd(std::chrono::milliseconds(50));
    return now;
  }

  static bool Flat(const bench::ProcessUsage& first, const bench::ProcessUsage& now) {
    const bool memory = !kMemoryCounts || now.resident_mib <= first.resident_mib * 1.1 + kSlackMib;
    return memory && now.threads <= first.threads + kSlack && now.descriptors <= first.descriptors + kSlack;
  }

  void Compare(const bench::ProcessUsage& first, const bench::ProcessUsage& now) {
    if (now.descriptors < 3) Fail("its descriptors cannot be seen: root can");
    if (!Flat(first, now)) Fail("it takes more and more");
  }

  void Print(const bench::ProcessUsage& now, steady_clock::duration passed) const {
    std::cout << fmt::format("{:>8} {:>8} {:>13.1f} {:>8} {:>12}\n",
                             std::chrono::duration_cast<seconds>(passed).count(), steps_, now.resident_mib, now.threads,
                             now.descriptors)
              << std::flush;
  }

  cli::ScriptedScene scene_;
  const node::TemporaryFolder folder_;
  const std::unique_ptr<images_v1::Images::Stub> images_;
  std::unique_ptr<cli::RunningBinary> daemon_;
  std::array<std::unique_ptr<Watch>, 8> watches_;
  v1::GetReportResponse answer_;
  int steps_ = 0;
  bool right_ = true;
};

int Main(int argc, char** argv) {
  int length = 3600;
  if (argc == 3 && std::string_view(argv[1]) == "--seconds") {
    length = std::atoi(argv[2]);
  } else if (argc != 1) {
    length = 0;
  }
  if (length < 1) {
    std::cerr << "usage: serve_soak [--seconds N]\n";
    return 64;
  }
  return ServeSoak().Run(seconds(length)) ? 0 : 1;
}

}  // namespace
}  // namespace tagdrift::soak

int main(int argc, char** argv) { return tagdrift::soak::Main(argc, argv); }
