#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "agent/scene.h"
#include "daemon.h"

namespace tagdrift::serve {

/// A daemon over a node with app:v1, which is stale, and other:v1, which is fresh.
class ServedScene : public testing::Test {
 protected:
  explicit ServedScene(std::shared_ptr<const Clock> clock = SystemClock())
      : scene_({}, absl::Seconds(45), "", std::move(clock)) {
    scene_.registry.Push("app", "v1", new_);
    scene_.registry.Push("other", "v1", new_);
    scene_.registry.Add(old_);
    scene_.Cache(agent::NameOf("app:v1"), old_);
    scene_.Cache(agent::NameOf("other:v1"), new_);
  }

  /// Waits for the first report.
  void Start(const std::function<void(Options&)>& set = [](Options&) {}) {
    daemon_ = std::make_unique<Daemon>(scene_, [&](Options& options) {
      options.spread = absl::ZeroDuration();
      set(options);
    });
    ASSERT_TRUE(Await([&] { return Get({}).ok(); })) << Get({}).error_message();
  }
  grpc::Status Get(const v1::GetReportRequest& request) { return Get(*daemon_->reader, request); }
  grpc::Status Get(v1::NodeCache::Stub& stub, const v1::GetReportRequest& request) {
    grpc::ClientContext context;
    SetDeadline(context);
    answer_.Clear();
    return stub.GetReport(&context, request, &answer_);
  }
  v1::Verdict VerdictOf(const std::string& name) const {
    for (const v1::TagReport& tag : answer_.report().tags()) {
      if (tag.reference() == agent::NameOf(name)) return tag.verdict();
    }
    return v1::VERDICT_UNSPECIFIED;
  }

  agent::Scene scene_;
  const agent::SampleImage old_{"old", 2020};
  const agent::SampleImage new_{"new", 2024};
  std::unique_ptr<Daemon> daemon_;
  v1::GetReportResponse answer_;
};

}  // namespace tagdrift::serve
