#include "tagdrift/kube/pod_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "hosts/tree_folder.h"
#include "registry/test_certificates.h"
#include "registry/test_server.h"

namespace tagdrift::kube {
namespace {

using registry::Received;
using registry::Reply200;
using registry::ReplyStatus;
using registry::Scripted;
using registry::TestAuthority;
using registry::TestServer;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Pod(const std::string& name, const std::string& version, const std::string& phase = "Running") {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"shop","uid":"uid-)" + name + R"(","resourceVersion":")" +
         version + R"("},"spec":{"containers":[]},"status":{"phase":")" + phase + R"("}})";
}

std::string Event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

std::string Bookmark(const std::string& version) {
  return Event("BOOKMARK", R"({"kind":"Pod","metadata":{"resourceVersion":")" + version + R"("}})");
}

/// A watch's answer, which ends with its connection.
Scripted Events(const std::string& events) {
  return {.bytes = "HTTP/1.1 200 OK\r\n\r\n" + events, .then = Scripted::Then::kClose};
}

/// An API server whose list has one pod; watches are answered in turn.
class PodWatchTest : public testing::Test {
 protected:
  PodWatchTest() {
    account_.Write("token", "first-secret\n");
    account_.Write("ca.crt", authority_.Certificate());
  }
  ~PodWatchTest() override {
    release_.request_stop();
    stop_.request_stop();
    // Both use what is declared after them.
    if (ended_.valid()) ended_.wait();
    server_.reset();
  }

  /// Answers the watches with `answers`, then holds them open.
  void Begin(std::vector<Scripted> answers) {
    answers_ = std::move(answers);
    watches_ = 0;
    server_ = std::make_unique<TestServer>(
        [this](const Received& request) {
          if (request.target.starts_with("/api/v1/nodes/")) {
            return Reply200(request, "", R"({"kind":"Node","status":{"nodeInfo":{"kubeletVersion":"v1.35.1"}}})");
          }
          if (request.target.find("watch=true") == std::string::npos) {
            return Reply200(
                request, "",
                R"({"kind":"PodList","metadata":{"resourceVersion":"10"},"items":[)" + Pod("one", "7") + "]}");
          }
          return Watched();
        },
        authority_.Issue("IP:127.0.0.1"));
    Options options;
    options.service_account = account_.path().string();
    watch_ = std::make_unique<PodWatch>(
        options, std::map<std::string, std::string>{{"KUBERNETES_SERVICE_HOST", "127.0.0.1"},
                                                    {"KUBERNETES_SERVICE_PORT", std::to_string(server_->port())}});
    ended_ = std::async(std::launch::async, [this] {
      return watch_->Follow("Node-A", [this] { Changed(); }, {.stop = stop_.get_token()});
    });
  }

  /// How it ended by itself.
  absl::Status End() {
    if (ended_.wait_for(std::chrono::seconds(30)) != std::future_status::ready) return absl::UnknownError("it goes on");
    return ended_.get();
  }

  /// Whether there were so many changes, within a bound.
  bool AwaitChanges(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return changes_ >= count; });
  }
  bool AwaitWatches(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return watches_ >= count; });
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    const auto latest = watch_->Latest();
    if (!latest) return {"not followed"};
    for (const facts::Pod& pod : latest->pods.pods) names.push_back(pod.name + " " + pod.phase);
    return names;
  }
  std::vector<Received> Watches() const {
    std::vector<Received> watches;
    for (const Received& request : server_->received()) {
      if (request.target.find("watch=true") != std::string::npos) watches.push_back(request);
    }
    return watches;
  }

  const TestAuthority authority_;
  const hosts::TreeFolder account_;
  std::stop_source stop_;
  std::unique_ptr<PodWatch> watch_;
  std::unique_ptr<TestServer> server_;
  std::function<void()> on_watch_ = [] {};  ///< before a watch is answered

 private:
  void Changed() {
    const std::lock_guard lock(mutex_);
    ++changes_;
    changed_.notify_all();
  }
  Scripted Watched() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    on_watch_();
    if (watches_++ < answers_.size()) return answers_[watches_ - 1];
    return {.bytes = "HTTP/1.1 200 OK\r\n\r\n", .then = Scripted::Then::kClose, .more = [this] {
              std::mutex mutex;
              std::unique_lock inner(mutex);
              std::condition_variable_any().wait(inner, release_.get_token(), [] { return false; });
              return std::string();
            }};
  }

  std::vector<Scripted> answers_;
  std::stop_source release_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int changes_ = 0;
  std::size_t watches_ = 0;
  std::future<absl::Status> ended_;
};

TEST_F(PodWatchTest, KnowsWhatHappensToThePodsAfterTheList) {
  Begin({Events(Event("ADDED", Pod("two", "11")) + Event("MODIFIED", Pod("one", "12", "Failed")) +
                Event("ADDED", Pod("three", "13")) + Event("DELETED", Pod("two", "14")))});
  ASSERT_TRUE(AwaitWatches(2));
  EXPECT_TRUE(AwaitChanges(5));
  EXPECT_THAT(Names(), ElementsAre("one Failed", "three Running"));
  EXPECT_EQ(watch_->Latest()->pods.source, facts::PodSource::kApi);
  EXPECT_EQ(watch_->Latest()->kubelet_version, "v1.35.1");
  EXPECT_EQ(Watches()[0].target,
            "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a&watch=true&allowWatchBookmarks=true&timeoutSeconds=290&"
            "resourceVersion=10");
  stop_.request_stop();
  EXPECT_TRUE(absl::IsCancelled(End()));
  EXPECT_THAT(Names(), ElementsAre("not followed"));
}

TEST_F(PodWatchTest, GoesOnFromTheLastVersionWhereAWatchEnds) {
  Begin({Events(Event("ADDED", Pod("two", "11"))), Events(Bookmark("99"))});
  ASSERT_TRUE(AwaitWatches(3));
  EXPECT_THAT(Watches()[1].target, HasSubstr("&resourceVersion=11"));
  EXPECT_THAT(Watches()[2].target, HasSubstr("&resourceVersion=99"));
  EXPECT_THAT(Names(), ElementsAre("one Running", "two Running"));
}

TEST_F(PodWatchTest, ReadsTheTokenAgainForEachWatch) {
  on_watch_ = [this] { account_.Write("token", "second-secret\n"); };
  Begin({Events(Bookmark("11")), ReplyStatus("401 Unauthorized\r\nContent-Length: 0\r\n")});
  const absl::Status end = End();
  ASSERT_EQ(Watches().size(), 2U);
  EXPECT_EQ(Watches()[0].headers.at("authorization"), "Bearer first-secret");
  EXPECT_EQ(Watches()[1].headers.at("authorization"), "Bearer second-secret");
  EXPECT_TRUE(absl::IsUnauthenticated(end));
  EXPECT_THAT(std::string(end.message()), testing::Not(HasSubstr("secret")));
}

TEST_F(PodWatchTest, HasToBeginAnewWhereTheVersionIsTooOld) {
  Begin({Events(Event("ERROR", R"({"kind":"Status","code":410,"message":"too old resource version"})"))});
  const absl::Status end = End();
  EXPECT_TRUE(absl::IsAborted(end));
  EXPECT_EQ(end.message(), "it ended the watch (410)");
  EXPECT_THAT(Names(), ElementsAre("not followed"));
}

TEST_F(PodWatchTest, DoesNotAskInACircleWhereEachWatchEndsAtOnce) {
  Begin({Events("")});
  EXPECT_TRUE(absl::IsUnavailable(End()));
  EXPECT_EQ(Watches().size(), 1U);
}

TEST_F(PodWatchTest, SaysWhatToGrant) {
  Begin({ReplyStatus("403 Forbidden\r\nContent-Length: 0\r\n")});
  EXPECT_EQ(End().message(), "not allowed (403): grant watch on pods");
}

TEST_F(PodWatchTest, EndsAtWhatIsNoEventOrTooLong) {
  Begin({Events("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"x\"\n")});
  EXPECT_THAT(std::string(End().message()), HasSubstr("is cut off"));
  Begin({Events(Event("ADDED", R"({"metadata":{"name":"x","resourceVersion":"1"}})"))});
  EXPECT_EQ(End().message(), "object.metadata: 'uid' is missing");
  Begin({Events(std::string((4 << 20) + 1, ' '))});
  EXPECT_TRUE(absl::IsResourceExhausted(End()));
}

TEST_F(PodWatchTest, ABrokenConnectionIsOneError) {
  Begin({{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + Event("ADDED", Pod("two", "11")),
          .then = Scripted::Then::kReset}});
  ASSERT_TRUE(AwaitChanges(1));
  EXPECT_TRUE(absl::IsUnavailable(End()));
}

}  // namespace
}  // namespace tagdrift::kube
