#include "serve/following.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "serve/start_thread.h"
#include "tagdrift/text/text.h"

namespace tagdrift::serve {
namespace {

constexpr absl::Duration kFirstPause = absl::Seconds(2);
constexpr absl::Duration kLongestPause = absl::Seconds(30);
/// The API server may refuse for good. Rounds ask for the pods meanwhile.
constexpr absl::Duration kLongestPauseOfPods = absl::Minutes(5);
/// What was followed for so long has not ended early.
constexpr std::chrono::minutes kEarly(5);

}  // namespace

Following::Following(agent::Agent& agent, std::function<void()> changed, std::shared_ptr<const Clock> clock)
    : agent_(agent), changed_(std::move(changed)), clock_(std::move(clock)) {}

Following::~Following() {
  node_.request_stop();
  pods_.request_stop();
}

absl::Status Following::Begin() {
  absl::Status begun;
  if (!node_.joinable()) {
    begun.Update(StartThread(node_, "following the node", [this](const std::stop_token& stop) { FollowNode(stop); }));
  }
  if (!pods_.joinable()) {
    begun.Update(StartThread(pods_, "following pods", [this](const std::stop_token& stop) { FollowPods(stop); }));
  }
  return begun;
}

void Following::Keep(const std::function<absl::Status()>& follow, const OnEnd& ended, absl::Duration longest_pause,
                     const std::stop_token& stop) const {
  absl::Duration pause = kFirstPause;
  while (!stop.stop_requested()) {
    const SteadyTime began = clock_->Steady();
    const absl::Status end = follow();
    if (stop.stop_requested() || absl::IsUnimplemented(end)) return;
    if (clock_->Steady() - began > kEarly) pause = kFirstPause;
    ended(end, pause);
    if (!clock_->WaitUntil(clock_->Steady() + absl::ToChronoNanoseconds(pause), stop)) return;
    pause = std::min(pause * 2, longest_pause);
  }
}

// Another runtime tells nothing: it is looked at now and then.
void Following::FollowNode(const std::stop_token& stop) const {
  const auto follow = [&] { return agent_.FollowNode(changed_, CallContext{.stop = stop}); };
  const auto ended = [this](const absl::Status& end, absl::Duration) {
    spdlog::info("{}", text::MessageOf(end));
    // The runtime may be gone, or another one.
    changed_();
  };
  Keep(follow, ended, kLongestPause, stop);
}

void Following::FollowPods(const std::stop_token& stop) const {
  bool followed = false;
  const auto changed = [&] {
    followed = true;
    changed_();
  };
  const auto follow = [&] {
    followed = false;
    return agent_.FollowPods(changed, CallContext{.stop = stop});
  };
  const auto ended = [&](const absl::Status& end, absl::Duration pause) {
    if (!end.ok()) spdlog::info("pods are not followed for {}: {}", absl::FormatDuration(pause), text::MessageOf(end));
    if (followed) changed_();
  };
  Keep(follow, ended, kLongestPauseOfPods, stop);
}

}  // namespace tagdrift::serve
