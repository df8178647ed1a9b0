// What is said where an agent cannot be read.
#include "remote/failure.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "node/plain_listener.h"
#include "node/temporary_folder.h"
#include "remote/socket_failure.h"
#include "scripted_agent.h"
#include "tagdrift/remote/client.h"

namespace tagdrift::remote {
namespace {

using grpc::StatusCode;
using node::PlainListener;
using testing::HasSubstr;

absl::Status Asked(const std::string& address) {
  return Client::Connect(*ParseAddress(address, {})).GetReport({}, {}).status();
}

std::string TextOf(const absl::Status& status) { return std::string(status.message()); }

/// A message of one field with a length.
std::string Delimited(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + std::string(1, static_cast<char>(bytes.size())) + bytes;
}

/// google.rpc.Status with these details.
std::string Details(const std::string& type, const std::string& value) {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/google.rpc." + type);
  any.set_value(value);
  return Delimited(2, "slow down") + Delimited(3, any.SerializeAsString());
}

std::string RetryIn(std::int64_t seconds, int nanos) {
  google::protobuf::Duration delay;
  delay.set_seconds(seconds);
  delay.set_nanos(nanos);
  return Details("RetryInfo", Delimited(1, delay.SerializeAsString()));
}

TEST(Failure, SaysThatThereIsNoSocket) {
  const node::TemporaryFolder folder;
  const absl::Status status = Asked(folder.path() + "/agent.sock");
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_EQ(TextOf(status), "no agent listens at unix://" + folder.path() +
                                "/agent.sock: no such socket; is the DaemonSet, or tagdrift serve, running?");
}

TEST(Failure, SaysThatNobodyListensAnyMore) {
  const node::TemporaryFolder folder;
  const std::string path = folder.path() + "/agent.sock";
  { const PlainListener left(path, PlainListener::Manner::kSilent); }
  EXPECT_THAT(TextOf(Asked(path)), HasSubstr("its socket is left over"));
}

TEST(Failure, SaysThatItIsNoSocket) {
  const node::TemporaryFolder folder;
  folder.Write("agent.sock", "");
  EXPECT_THAT(TextOf(Asked(folder.path() + "/agent.sock")), HasSubstr("not a stream socket"));
}

TEST(Failure, SaysWhoMayUseTheSocket) {
  const node::TemporaryFolder folder;
  const std::string path = folder.path() + "/agent.sock";
  const PlainListener listener(path, PlainListener::Manner::kSilent);
  ASSERT_EQ(chmod(folder.path().c_str(), 0711), 0);
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to ask as somebody else";
  ASSERT_EQ(chown(path.c_str(), 0, 54321), 0);
  ASSERT_EQ(chmod(path.c_str(), 0660), 0);
  // Of this thread only: the C library would change all of them.
  ASSERT_EQ(syscall(SYS_setresuid, -1, 65534, -1), 0);
  const absl::Status status = SocketFailure(path);
  ASSERT_EQ(syscall(SYS_setresuid, -1, 0, -1), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_FALSE(IsRefusal(status)) << "nobody was asked";
  EXPECT_THAT(TextOf(status), HasSubstr("permission denied; it is for user root and group 54321 (mode 0660)"));
}

TEST(Failure, SaysThatWhatListensIsNoAgent) {
  const node::TemporaryFolder folder;
  const std::string path = folder.path() + "/agent.sock";
  for (const auto manner : {PlainListener::Manner::kCloses, PlainListener::Manner::kHttp1}) {
    {
      const PlainListener listener(path, manner);
      EXPECT_THAT(TextOf(Asked(path)), HasSubstr("what listens there is no tagdrift agent"));
    }
    unlink(path.c_str());
  }
}

TEST(Failure, SaysInOneLineWhatTheAgentSays) {
  struct Row {
    const char* name;
    grpc::Status answered;
    absl::StatusCode code;
    const char* says;
  };
  const Row kRows[] = {
      {"what the operator wrote",
       {StatusCode::INVALID_ARGUMENT, "filter.patterns: 'A' is no reference"},
       absl::StatusCode::kInvalidArgument,
       "filter.patterns: 'A' is no reference"},
      {"nothing like it",
       {StatusCode::NOT_FOUND, "no tag cached on this node matches 'x'"},
       absl::StatusCode::kNotFound,
       "no tag cached on this node matches 'x'"},
      {"no report yet",
       {StatusCode::UNAVAILABLE, "there is no report yet"},
       absl::StatusCode::kUnavailable,
       "agent ADDRESS: there is no report yet"},
      {"no runtime",
       {StatusCode::UNAVAILABLE, "connecting to /run/containerd/containerd.sock: nobody listens there"},
       absl::StatusCode::kUnavailable,
       "agent ADDRESS: connecting to /run/containerd/containerd.sock: nobody listens there"},
      {"denied",
       {StatusCode::PERMISSION_DENIED, "rounds are for operators"},
       absl::StatusCode::kPermissionDenied,
       "agent ADDRESS: rounds are for operators; who may do what is the agent's configuration: its reader and "
       "operator sockets, roles by certificate, --enable-actions"},
      {"older",
       {StatusCode::UNIMPLEMENTED, ""},
       absl::StatusCode::kUnimplemented,
       "agent ADDRESS: it does not offer this: it is older than this tagdrift, or is no tagdrift agent"},
      {"too many",
       {StatusCode::RESOURCE_EXHAUSTED, "too many rounds"},
       absl::StatusCode::kResourceExhausted,
       "agent ADDRESS: too many rounds; try again later"},
      {"too many, with a time",
       {StatusCode::RESOURCE_EXHAUSTED, "too many rounds", RetryIn(41, 100'000'000)},
       absl::StatusCode::kResourceExhausted,
       "agent ADDRESS: too many rounds; try again in 42 s"},
      {"no reason", {StatusCode::INTERNAL, ""}, absl::StatusCode::kInternal, "agent ADDRESS: it gave no reason"},
      {"several lines", {StatusCode::INTERNAL, "one\ntwo"}, absl::StatusCode::kInternal, "agent ADDRESS: one"},
      {"steering", {StatusCode::INTERNAL, "a\x1b[2J"}, absl::StatusCode::kInternal, "agent ADDRESS: a\\x1b[2J"},
      {"cancelled by it",
       {StatusCode::CANCELLED, "going down"},
       absl::StatusCode::kUnavailable,
       "agent ADDRESS: it gave up: going down"},
      {"its own deadline",
       {StatusCode::DEADLINE_EXCEEDED, "calls may last 5 minutes"},
       absl::StatusCode::kDeadlineExceeded,
       "agent ADDRESS: calls may last 5 minutes"},
  };
  for (const Row& row : kRows) {
    const ScriptedAgent agent(
        {.get_report = [&](const v1::GetReportRequest&, v1::GetReportResponse&) { return row.answered; }});
    const absl::Status status = Asked(agent.address());
    std::string says = row.says;
    if (const std::size_t at = says.find("ADDRESS"); at != std::string::npos) says.replace(at, 7, agent.address());
    EXPECT_EQ(TextOf(status), says) << row.name;
    EXPECT_EQ(status.code(), row.code) << row.name;
    EXPECT_EQ(IsRefusal(status), row.answered.error_code() == StatusCode::PERMISSION_DENIED) << row.name;
  }
}

TEST(Failure, BoundsWhatTheAgentSays) {
  const ScriptedAgent agent({.get_report = [](const v1::GetReportRequest&, v1::GetReportResponse&) {
    return grpc::Status(StatusCode::INTERNAL, std::string(4000, 'x'));
  }});
  EXPECT_LT(TextOf(Asked(agent.address())).size(), 700U);
}

TEST(Failure, NamesTheLimitOfAMessage) {
  const ScriptedAgent agent({.get_report = [](const v1::GetReportRequest&, v1::GetReportResponse& response) {
    response.mutable_report()->set_node(std::string(kMaxReceiveBytes + 1, 'x'));
    return grpc::Status::OK;
  }});
  const absl::Status status = Asked(agent.address());
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(TextOf(status), HasSubstr("larger than 64 MiB"));
}

TEST(RetryDelay, IsReadOfTheDetailsOfAStatus) {
  EXPECT_EQ(RetryDelay(RetryIn(2, 500'000'000)), std::chrono::milliseconds(2500));
  EXPECT_EQ(RetryDelay(RetryIn(-5, 0)), std::chrono::milliseconds(0));
  EXPECT_EQ(RetryDelay(""), std::nullopt);
  EXPECT_EQ(RetryDelay("\xff\xff\xff"), std::nullopt);
  EXPECT_EQ(RetryDelay(Details("ErrorInfo", "")), std::nullopt);
  EXPECT_EQ(RetryDelay(Details("RetryInfo", "\xff")), std::nullopt);
}

}  // namespace
}  // namespace tagdrift::remote
