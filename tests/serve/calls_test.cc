// How many calls are worked on at a time.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <map>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "agent/scene.h"
#include "daemon.h"
#include "scrape.h"

namespace tagdrift::serve {
namespace {

TEST(Calls, BeyondWhatIsWorkedOnAreRefusedAndCounted) {
  const auto log = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(1000);
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", log));
  const absl::Cleanup restore = [&] { spdlog::set_default_logger(before); };
  agent::Scene scene;
  const agent::SampleImage image{"image", 2024};
  scene.registry.Push("app", "v1", image);
  scene.Cache(agent::NameOf("app:v1"), image);
  Daemon daemon(scene, [](Options& options) {
    options.spread = absl::ZeroDuration();
    options.metrics = kMetricsAddress;
  });
  const auto explain = [&] {
    grpc::ClientContext context;
    SetDeadline(context);
    context.set_wait_for_ready(true);
    v1::ExplainRequest request;
    request.set_name(agent::NameOf("app:v1"));
    v1::ExplainResponse response;
    return daemon.operator_->Explain(&context, request, &response).error_code();
  };
  while (explain() == grpc::StatusCode::UNAVAILABLE) std::this_thread::sleep_for(std::chrono::milliseconds(10));

  scene.registry.Hold("app");
  std::vector<std::future<grpc::StatusCode>> calls;
  for (int i = 0; i < 12; ++i) calls.push_back(std::async(std::launch::async, explain));
  const auto ended = [&] {
    return std::ranges::count_if(
        calls, [](const auto& call) { return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  };
  // Those that are worked on have as long again.
  for (int i = 0; i < 3000 && ended() < 4; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(ended(), 4);
  scene.registry.Release();
  std::map<grpc::StatusCode, int> codes;
  for (auto& call : calls) ++codes[call.get()];
  EXPECT_EQ(codes,
            (std::map<grpc::StatusCode, int>{{grpc::StatusCode::OK, 8}, {grpc::StatusCode::RESOURCE_EXHAUSTED, 4}}));
  EXPECT_EQ(std::ranges::count_if(log->last_formatted(),
                                  [](const std::string& line) {
                                    return line.find("too many calls are being worked on") != std::string::npos;
                                  }),
            1)
      << "once a minute";
  EXPECT_EQ(Refusals("limit"), 4);
  EXPECT_EQ(explain(), grpc::StatusCode::OK) << "once these have ended";
}

}  // namespace
}  // namespace tagdrift::serve
