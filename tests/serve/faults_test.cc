// What the daemon outlives: garbage and stalled clients on its sockets, no descriptors, no room in its state folder, a
// clock that jumps.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <ostream>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/time/clock.h"
#include "log.h"
#include "scrape.h"
#include "serve/board.h"
#include "serve/health.h"
#include "serve/http_listener.h"
#include "serve/loop.h"
#include "serve/saved_round.h"
#include "served_scene.h"

namespace tagdrift::serve {
namespace {

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

class WallClock final : public Clock {
 public:
  SteadyTime Steady() const override { return SystemClock()->Steady(); }
  absl::Time Wall() const override { return absl::Now() + absl::Hours(ahead_hours.load()); }
  bool WaitUntil(SteadyTime until, std::stop_token stop) const override {
    return SystemClock()->WaitUntil(until, std::move(stop));
  }

  std::atomic<int> ahead_hours = 0;
};

/// The clock of a loop alone: what is scheduled becomes due, and no answer becomes older.
class ClockAhead final : public Clock {
 public:
  SteadyTime Steady() const override { return SystemClock()->Steady() + std::chrono::hours(ahead_hours.load()); }
  absl::Time Wall() const override { return absl::Now(); }
  bool WaitUntil(SteadyTime until, std::stop_token stop) const override {
    return SystemClock()->WaitUntil(until, std::move(stop));
  }

  std::atomic<int> ahead_hours = 0;
};

/// As long as it lives no thread can be started, since there is no room for its stack.
class NoThreads {
 public:
  NoThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge = before_;
    EXPECT_EQ(pthread_attr_setstacksize(&huge, std::size_t{1} << 47), 0);
    EXPECT_EQ(pthread_setattr_default_np(&huge), 0);
  }
  ~NoThreads() { pthread_setattr_default_np(&before_); }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

struct Descriptors {
  int sockets = 0;
  int others = 0;
};

std::ostream& operator<<(std::ostream& out, const Descriptors& open) {
  return out << open.sockets << " sockets and " << open.others << " other descriptors";
}

Descriptors Open() {
  Descriptors open;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code closed_meanwhile;
    const std::string what = std::filesystem::read_symlink(entry, closed_meanwhile);
    if (closed_meanwhile) continue;
    ++(what.starts_with("socket:") ? open.sockets : open.others);
  }
  return open;
}

/// No more than `before`, but for the registry's connections and for those by which gRPC's pollers are woken: on a busy
/// machine there are more pollers, and each keeps its own. Far fewer than there were connections or calls.
bool AreGivenBack(const Descriptors& before) {
  constexpr int kOfRegistry = 8;
  constexpr int kOfPollers = 32;
  return Await([&] {
    const Descriptors now = Open();
    return now.sockets <= before.sockets + kOfRegistry && now.others <= before.others + kOfPollers;
  });
}

// With tsan, and without a sanitizer, what depends on it is tested.
#ifdef __has_feature
constexpr bool kChecksTypesThroughPipes = __has_feature(address_sanitizer);
#else
constexpr bool kChecksTypesThroughPipes = false;
#endif

class Faults : public ServedScene {
 protected:
  Faults() : Faults(std::make_shared<WallClock>()) {}
  ~Faults() override { daemon_.reset(); }

  void Start(const std::string& state_dir = "") {
    ServedScene::Start([&](Options& options) {
      options.clock = clock_;
      options.state_dir = state_dir;
      options.interval = interval_;
      options.metrics = metrics_;
    });
  }
  /// A look at the node; `other:v1` is asked about.
  grpc::Status Look() {
    v1::GetReportRequest request;
    request.set_refresh(true);
    request.mutable_filter()->add_patterns("*/other:v1");
    const grpc::Status status = Get(*daemon_->operator_, request);
    return status.ok() ? Get({}) : status;
  }
  int AskedAboutApp() { return scene_.registry.Count("HEAD", "/app/"); }
  /// Over a connection of its own.
  bool AnswersANewcomer(const std::string& socket = "reader.sock") {
    return Get(*v1::NodeCache::NewStub(daemon_->Channel(socket)), {}).ok();
  }
  /// A connection that nothing has been sent over; the caller's.
  int Connect(const std::string& socket) const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(ConnectAs(fd, socket), 0) << std::strerror(errno);
    return fd;
  }
  int ConnectAs(int fd, const std::string& socket) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, daemon_->Path(socket).c_str(), sizeof(address.sun_path) - 1);
    return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }

  const Log log_;
  const std::shared_ptr<WallClock> clock_;
  absl::Duration interval_ = absl::Hours(1);
  std::string metrics_;

 private:
  explicit Faults(std::shared_ptr<WallClock> clock) : ServedScene(clock), clock_(std::move(clock)) {}
};

/// What a client sends who calls this method with an empty request, and with no word more.
std::string CallOf(const std::string& method) {
  const auto frame = [](char type, char flags, char stream, const std::string& payload) {
    return std::string{'\0', '\0', static_cast<char>(payload.size()), type, flags, '\0', '\0', '\0', stream} + payload;
  };
  const auto text = [](const std::string& words) { return static_cast<char>(words.size()) + words; };
  // POST and http; then by their names' numbers in HPACK :path, :authority and content-type; te by its name.
  std::string headers = "\x83\x86\x04" + text(method) + "\x01" + text("node") + "\x0f\x10" + text("application/grpc");
  headers += '\0' + text("te") + text("trailers");
  constexpr char kHeaders = 1;
  constexpr char kEndOfHeaders = 4;
  constexpr char kSettings = 4;
  constexpr char kEndOfStream = 1;
  return kPreface + frame(kSettings, 0, 0, "") + frame(kHeaders, kEndOfHeaders, 1, headers) +
         frame(0, kEndOfStream, 1, std::string(5, '\0'));
}

TEST_F(Faults, WhoCallsAndClosesAtOnceIsNamed) {
  metrics_ = kMetricsAddress;
  Start();
  const std::string call = CallOf("/tagdrift.v1.NodeCacheActions/Evict");
  // Some are over before they have been looked at.
  EXPECT_TRUE(Await([&] {
    for (int i = 0; i < 20; ++i) {
      const int fd = Connect("operator.sock");
      send(fd, call.data(), call.size(), MSG_NOSIGNAL);
      char byte = 0;
      if (i % 2 == 0) recv(fd, &byte, 1, 0);
      close(fd);
    }
    return Refusals("invalid") >= 100;
  }));
  EXPECT_GE(log_.Times("refused uid " + std::to_string(getuid()) + " at operator.sock: references: none is given"), 1);
  EXPECT_EQ(log_.Times("somebody"), 0);
}

/// Bytes, or a request of which each field is bytes.
std::string RandomRequest(std::minstd_rand& random) {
  const auto bytes = [&] {
    std::string text(random() % 60, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
  };
  if (random() % 2 == 0) return bytes();
  const auto printable = [&] {
    std::string text = bytes();
    for (char& c : text) c = static_cast<char>(' ' + (c & 63));
    return text;
  };
  v1::GetReportRequest request;
  for (auto i = random() % 3; i > 0; --i) request.mutable_filter()->add_patterns(printable());
  if (random() % 2 == 0) request.mutable_filter()->set_pod(printable());
  request.mutable_filter()->add_verdicts(static_cast<v1::Verdict>(random()));
  request.set_view(static_cast<v1::View>(random()));
  request.set_page_size(static_cast<int>(random()));
  request.set_page_token(printable());
  return request.SerializeAsString();
}

TEST_F(Faults, TenThousandCallsOfRandomBytesEndThemselvesOnly) {
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  };
  constexpr int kCalls = 10'000;
  constexpr int kAtATime = 100;
  Start();
  const Descriptors before = Open();
  const char* const methods[] = {"/tagdrift.v1.NodeCache/GetReport", "/tagdrift.v1.NodeCache/Explain",
                                 "/tagdrift.v1.NodeCache/ListImages", "/tagdrift.v1.NodeCache/WatchReport",
                                 "/tagdrift.v1.NodeCacheActions/Evict"};
  {
    grpc::GenericStub stub(daemon_->Channel("operator.sock"));
    std::minstd_rand random(7);
    grpc::CompletionQueue queue;
    int ended = 0;
    for (int begun = 0; ended < kCalls;) {
      if (begun < kCalls && begun - ended < kAtATime) {
        auto* call = new Call;
        // A stream that has begun goes on until then.
        call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
        const grpc::Slice slice(RandomRequest(random));
        call->reader = stub.PrepareUnaryCall(&call->context, methods[begun % 5], grpc::ByteBuffer(&slice, 1), &queue);
        call->reader->StartCall();
        call->reader->Finish(&call->response, &call->status, call);
        ++begun;
        continue;
      }
      void* tag = nullptr;
      bool ok = false;
      ASSERT_TRUE(queue.Next(&tag, &ok));
      delete static_cast<Call*>(tag);
      ++ended;
    }
  }
  EXPECT_TRUE(AnswersANewcomer());
  EXPECT_TRUE(AreGivenBack(before)) << Open() << ", before " << before;
}

TEST_F(Faults, ConnectionsOfRandomBytesEndThemselvesOnly) {
  constexpr int kConnections = 300;
  Start();
  const Descriptors before = Open();
  std::minstd_rand random(11);
  for (int i = 0; i < kConnections; ++i) {
    std::string bytes = i % 2 == 0 ? "" : kPreface;
    // Half of those with the preface go on with frames: a length of three bytes, type, flags, a stream, the rest.
    for (int frame = 0; frame < 20; ++frame) {
      const std::size_t length = random() % 64;
      if (i % 4 == 1) {
        bytes += {'\0', '\0', static_cast<char>(length), static_cast<char>(random() % 10), static_cast<char>(random())};
        bytes += {'\0', '\0', '\0', static_cast<char>(random() % 8)};
      }
      for (std::size_t at = 0; at < length; ++at) bytes += static_cast<char>(random());
    }
    const int fd = Connect(i % 3 == 0 ? "operator.sock" : "reader.sock");
    send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
  }
  // Those that wait to be accepted still are one user's.
  EXPECT_TRUE(Await([&] { return AnswersANewcomer() && AnswersANewcomer("operator.sock"); }));
  EXPECT_TRUE(AreGivenBack(before)) << Open() << ", before " << before;
}

TEST_F(Faults, StalledConnectionsTakeOneUsersPlacesOnly) {
  constexpr int kMostOfOneUser = 64;
  metrics_ = kMetricsAddress;
  Start();
  const Descriptors before = Open();
  // This one is the reader's.
  std::vector<int> stalled;
  for (int i = 0; i + 2 < kMostOfOneUser; ++i) {
    stalled.push_back(Connect("reader.sock"));
    send(stalled.back(), kPreface, static_cast<std::size_t>(i) % sizeof(kPreface), MSG_NOSIGNAL);
  }
  EXPECT_TRUE(AnswersANewcomer());
  // The newcomer's place may not be free yet.
  for (int i = 0; i < 10; ++i) stalled.push_back(Connect("reader.sock"));
  EXPECT_TRUE(Await([&] { return Refusals("limit") >= 9; }));
  EXPECT_LE(Refusals("limit"), 10);
  const std::string line = "refused uid " + std::to_string(getuid()) + " at reader.sock: too many connections";
  EXPECT_GE(log_.Times(line), 1);
  EXPECT_LT(log_.Times(line), 9) << "once a minute";
  EXPECT_TRUE(Get({}).ok()) << "who has a connection keeps it";
  EXPECT_TRUE(AnswersANewcomer("operator.sock"));
  for (const int fd : stalled) close(fd);
  EXPECT_TRUE(Await([&] { return AnswersANewcomer(); }));
  EXPECT_TRUE(AreGivenBack(before)) << Open() << ", before " << before;
}

TEST_F(Faults, WithoutDescriptorsTheReportStaysAndIsMadeAgainLater) {
  if (kChecksTypesThroughPipes) GTEST_SKIP() << "UBSan takes each object for another type where it can make no pipe";
  Start();
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const absl::Cleanup close_client = [client] { close(client); };
  ASSERT_TRUE(Look().ok());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(ConnectAs(client, "reader.sock"), 0);
  Look();
  EXPECT_TRUE(Get({}).ok());
  EXPECT_EQ(answer_.report().tags_size(), 2);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(Await([&] { return AnswersANewcomer(); }));
  ASSERT_TRUE(Look().ok());
  EXPECT_EQ(VerdictOf("app:v1"), v1::VERDICT_STALE);
  EXPECT_EQ(VerdictOf("other:v1"), v1::VERDICT_FRESH);
  EXPECT_FALSE(answer_.has_failed());
}

TEST_F(Faults, WithoutMoreThreadsARoundFailsAndIsMadeLater) {
  Board board;
  Heartbeat heartbeat{SteadyTime::max()};
  const auto ahead = std::make_shared<ClockAhead>();
  Loop loop(*scene_.agent, board, heartbeat, {.spread = absl::ZeroDuration(), .clock = ahead});
  std::stop_source stop;
  auto running = std::async(std::launch::async, [&] { loop.Run(stop.get_token()); });
  const absl::Cleanup request_stop = [&] { stop.request_stop(); };
  ASSERT_TRUE(Await([&] { return board.Latest() != nullptr; }));
  // Older than the six intervals after which a scheduled round asks anew, and not yet too old for a look.
  clock_->ahead_hours = 7;
  const int asked = AskedAboutApp();
  {
    const NoThreads none;
    ahead->ahead_hours = 2;
    loop.Changed();
    EXPECT_TRUE(Await([&] { return log_.Times("the node could not be looked at: starting a round: ") > 0; }));
    EXPECT_EQ(AskedAboutApp(), asked);
  }
  ahead->ahead_hours = 4;
  loop.Changed();
  EXPECT_TRUE(Await([&] { return AskedAboutApp() > asked; }));
  stop.request_stop();
  EXPECT_NO_THROW(running.get());
}

TEST_F(Faults, WithoutMoreThreadsTheNodeIsFollowedLater) {
  Board board;
  Heartbeat heartbeat{SteadyTime::max()};
  Loop loop(*scene_.agent, board, heartbeat, {.spread = absl::ZeroDuration()});
  std::stop_source stop;
  std::promise<void> begin;
  auto running = std::async(std::launch::async, [&] {
    begin.get_future().wait();
    loop.Run(stop.get_token());
  });
  const absl::Cleanup request_stop = [&] { stop.request_stop(); };
  const std::string warning = "changes of the node are seen every 5m only: following the node: ";
  {
    const NoThreads none;
    begin.set_value();
    EXPECT_TRUE(Await([&] { return log_.Times(warning) == 1; }));
  }
  ASSERT_TRUE(Await([&] { return board.Latest() != nullptr; }));
  // More than there are looks of which nothing was told.
  for (int tags = 3; tags < 9; ++tags) {
    const std::string tag = "v" + std::to_string(tags);
    scene_.registry.Push("app", tag, new_);
    scene_.Cache(agent::NameOf("app:" + tag), new_);
    ASSERT_TRUE(Await([&] { return board.Latest()->report->report()->tags_size() == tags; })) << tags;
  }
  EXPECT_EQ(log_.Times(warning), 1);
  stop.request_stop();
  EXPECT_NO_THROW(running.get());
}

TEST_F(Faults, ARoundThatNobodyWaitsForIsDroppedBeforeItBegins) {
  Board board;
  Heartbeat heartbeat{SteadyTime::max()};
  Loop loop(*scene_.agent, board, heartbeat, {});
  std::vector<std::string> ended;
  const auto ask = [&](const std::string& who, const std::stop_token& cancelled) {
    loop.RequestRound({}, cancelled, [&ended, who](const absl::Status& outcome) {
      ended.push_back(who + " " + absl::StatusCodeToString(outcome.code()));
    });
  };
  std::stop_source gone;
  ask("first", gone.get_token());
  ask("second", {});
  loop.DropCancelled();
  EXPECT_THAT(ended, testing::IsEmpty());
  gone.request_stop();
  loop.DropCancelled();
  EXPECT_THAT(ended, testing::ElementsAre("first CANCELLED"));
  loop.Refuse();
  EXPECT_THAT(ended, testing::ElementsAre("first CANCELLED", "second UNAVAILABLE"));
}

TEST(NoThread, ToAnswerHttpIsAnError) {
  const NoThreads none;
  const auto listener = HttpListener::Start("127.0.0.1:0", {});
  EXPECT_TRUE(absl::IsUnavailable(listener.status())) << listener.status();
}

TEST_F(Faults, AClockThatJumpsByADayHasEachTagAskedOnceMore) {
  const hosts::TreeFolder state;
  Start(state.path());
  const int once = AskedAboutApp();
  for (const int ahead : {24, 0, -24, 0}) {
    const int asked = AskedAboutApp();
    clock_->ahead_hours = ahead;
    ASSERT_TRUE(Look().ok()) << ahead;
    EXPECT_EQ(AskedAboutApp(), asked + once) << "answers of unknown age, " << ahead;
    ASSERT_TRUE(Look().ok()) << ahead;
    EXPECT_EQ(AskedAboutApp(), asked + once) << ahead;
    EXPECT_EQ(VerdictOf("app:v1"), v1::VERDICT_STALE) << ahead;
    const absl::Time checked = absl::FromUnixSeconds(answer_.report().checked_at().seconds());
    EXPECT_LT(absl::AbsDuration(checked - clock_->Wall()), absl::Minutes(1)) << ahead;
  }
  daemon_.reset();
  // Saved a day later than now.
  clock_->ahead_hours = -24;
  const int asked = AskedAboutApp();
  Start(state.path());
  ASSERT_TRUE(Get({}).ok());
  EXPECT_EQ(VerdictOf("app:v1"), v1::VERDICT_STALE);
  EXPECT_EQ(AskedAboutApp(), asked + once);
  daemon_.reset();
}

TEST_F(Faults, WithoutRoomForItsStateTheReportIsServedAndTheLastSavedOneStays) {
  const hosts::TreeFolder state;
  interval_ = absl::Seconds(1);
  Start(state.path());
  const std::string saved = state.path().string() + "/round.json";
  ASSERT_TRUE(Await([&] { return std::filesystem::exists(saved); }));
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit none{.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  const absl::Cleanup restore = [&] {
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
  };
  const char* const kWarning = "after a restart registries will be asked again";
  EXPECT_TRUE(Await([&] { return log_.Times(kWarning) == 1; }));
  std::int64_t last = 0;
  int rounds = 0;
  EXPECT_TRUE(Await([&] {
    if (!Get({}).ok()) return true;
    const std::int64_t checked = answer_.report().checked_at().seconds();
    rounds += std::exchange(last, checked) == checked ? 0 : 1;
    return rounds > 3;
  })) << "rounds go on";
  EXPECT_GT(rounds, 3);
  EXPECT_EQ(log_.Times(kWarning), 1) << "said once";
  EXPECT_EQ(answer_.report().tags_size(), 2);
  EXPECT_TRUE(ReadSavedRound(state.path()).ok()) << "the last one that had room";
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(Await([&] { return log_.Times("is saved again") == 1; }));
  EXPECT_TRUE(ReadSavedRound(state.path()).ok());
  daemon_.reset();
}

TEST_F(Faults, AStateFolderThatIsGoneIsSaidOnce) {
  Start(scene_.root.path().string() + "/none");
  EXPECT_TRUE(Await([&] { return log_.Times("after a restart registries will be asked again") == 1; }));
  ASSERT_TRUE(Get({}).ok());
  daemon_.reset();
  EXPECT_EQ(log_.Times("after a restart registries will be asked again"), 1) << "also when it stops";
}

}  // namespace
}  // namespace tagdrift::serve
