#include <gmock/gmock.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ending_in.h"
#include "fake_runtime.h"
#include "node/endpoint.h"
#include "plain_listener.h"
#include "tagdrift/node/runtime.h"

namespace tagdrift::node {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

absl::StatusOr<CriVersion> ReachAt(const std::string& endpoint, const CallContext& context = {}) {
  auto clients = MakeClients(endpoint);
  if (!clients.ok()) return clients.status();
  return Reach(endpoint, *clients, context);
}

absl::Status ConnectTo(const std::string& endpoint, const CallContext& context = {}) {
  return ReachAt(endpoint, context).status();
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

/// What every error must be: one line that names the socket.
void ExpectOneLineNaming(const absl::Status& status, const std::string& socket) {
  EXPECT_THAT(Message(status), AllOf(HasSubstr(socket), Not(HasSubstr("\n")), Not(HasSubstr("{"))));
}

TEST(Connect, GivesBothServices) {
  FakeRuntime runtime;
  auto clients = MakeClients(runtime.endpoint());
  ASSERT_TRUE(clients.ok()) << clients.status();
  const auto version = Reach(runtime.endpoint(), *clients, {});
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->runtime_name, "containerd");
  EXPECT_EQ(*clients->containerd->Version({}), "1.6.20~ds1");
}

TEST(Connect, TakesABarePath) {
  FakeRuntime runtime;
  EXPECT_TRUE(ConnectTo(runtime.socket()).ok());
  EXPECT_TRUE(ConnectTo("unix:" + runtime.socket()).ok());
}

TEST(Connect, RefusesWhatIsNoUnixEndpoint) {
  for (const std::string endpoint :
       {"", "tcp://127.0.0.1:1", "https://x", "run/containerd.sock", "unix://relative.sock", "unix-abstract:x"}) {
    SCOPED_TRACE(endpoint);
    const absl::Status status = ConnectTo(endpoint);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(Message(status), HasSubstr("unix:///run/containerd/containerd.sock"));
  }
}

TEST(Connect, RefusesAPathThatNoSocketCanHave) {
  const absl::Status status = ConnectTo("/" + std::string(200, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(Message(status), HasSubstr("107 bytes"));
}

TEST(Connect, SaysThatThereIsNoSuchSocket) {
  TemporaryFolder folder;
  const std::string socket = folder.path() + "/none.sock";
  const absl::Status status = ConnectTo(socket);
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  ExpectOneLineNaming(status, socket);
  EXPECT_THAT(Message(status), HasSubstr("--runtime-endpoint"));
}

TEST(Connect, SaysThatAFileIsNoSocket) {
  TemporaryFolder folder;
  folder.Write("file", "");
  for (const std::string& path : {folder.path() + "/file", folder.path(), folder.path() + "/file/below"}) {
    SCOPED_TRACE(path);
    const absl::Status status = ConnectTo(path);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(Message(status), HasSubstr("not a socket"));
  }
}

TEST(Connect, SaysThatNobodyListens) {
  TemporaryFolder folder;
  const std::string socket = folder.path() + "/left.sock";
  { PlainListener listener(socket, PlainListener::Manner::kSilent); }
  const absl::Status status = ConnectTo(socket);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  ExpectOneLineNaming(status, socket);
}

TEST(Connect, SaysToRunAsRootWhenTheSocketIsClosedToOthers) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  FakeRuntime runtime;
  const std::string folder = runtime.socket().substr(0, runtime.socket().rfind('/'));
  for (const mode_t mode : {0700U, 0755U}) {
    ASSERT_EQ(::chmod(folder.c_str(), mode), 0);
    ASSERT_EQ(::chmod(runtime.socket().c_str(), 0600), 0);
    ASSERT_EQ(::seteuid(65534), 0);
    const absl::Status status = ConnectTo(runtime.endpoint());
    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    ExpectOneLineNaming(status, runtime.socket());
    EXPECT_THAT(Message(status), HasSubstr("run as root"));
  }
}

TEST(Connect, SaysThatSomethingElseListens) {
  for (const auto manner : {PlainListener::Manner::kHttp1, PlainListener::Manner::kCloses}) {
    TemporaryFolder folder;
    const std::string socket = folder.path() + "/other.sock";
    PlainListener listener(socket, manner);
    const absl::Status status = ConnectTo(socket);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    ExpectOneLineNaming(status, socket);
    EXPECT_THAT(Message(status), HasSubstr("does not speak gRPC"));
  }
}

TEST(Connect, GivesUpOnASilentListenerAtItsDeadline) {
  TemporaryFolder folder;
  const std::string socket = folder.path() + "/silent.sock";
  PlainListener listener(socket, PlainListener::Manner::kSilent);
  const absl::Status status = ConnectTo(socket, EndingIn(std::chrono::milliseconds(200)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  ExpectOneLineNaming(status, socket);
  EXPECT_THAT(Message(status), testing::ContainsRegex("no answer within [0-9]+ms"));
}

TEST(Connect, SaysThatContainerdsCriPluginIsOff) {
  FakeRuntime runtime(FakeRuntime::Services::kOnlyContainerd);
  const absl::Status status = ConnectTo(runtime.endpoint());
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  ExpectOneLineNaming(status, runtime.socket());
  EXPECT_THAT(Message(status), AllOf(HasSubstr("containerd 1.6.20~ds1"), HasSubstr("disabled_plugins")));
}

TEST(Connect, SaysThatAServerIsNoRuntime) {
  FakeRuntime runtime(FakeRuntime::Services::kOnlyContent);
  const absl::Status status = ConnectTo(runtime.endpoint());
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  ExpectOneLineNaming(status, runtime.socket());
  EXPECT_THAT(Message(status), HasSubstr("does not offer the CRI"));
}

TEST(Connect, PassesOnWhatTheRuntimeItselfSays) {
  FakeRuntime runtime;
  runtime.answers().status = {grpc::StatusCode::UNAVAILABLE, "server is not initialized yet\nmore"};
  const absl::Status status = ConnectTo(runtime.endpoint());
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  ExpectOneLineNaming(status, runtime.socket());
  EXPECT_THAT(Message(status), HasSubstr("server is not initialized yet"));
}

TEST(Connect, WritesNothingToStandardError) {
  TemporaryFolder folder;
  const std::string socket = folder.path() + "/other.sock";
  PlainListener listener(socket, PlainListener::Manner::kHttp1);
  testing::internal::CaptureStderr();
  EXPECT_FALSE(ConnectTo(socket).ok());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(ChannelTarget, EscapesWhatAUriCannotHold) {
  EXPECT_EQ(ChannelTarget("/run/containerd/containerd.sock"), "unix:/run/containerd/containerd.sock");
  EXPECT_EQ(ChannelTarget("/tmp/a b%c?d#e"), "unix:/tmp/a%20b%25c%3Fd%23e");
}

TEST(Connect, TakesAPathWithUnusualCharacters) {
  FakeRuntime runtime;
  TemporaryFolder folder;
  const std::string link = folder.path() + "/a b%25?#.sock";
  ASSERT_EQ(::symlink(runtime.socket().c_str(), link.c_str()), 0);
  const absl::Status status = ConnectTo(link);
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace tagdrift::node
