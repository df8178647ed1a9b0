#include "registry/http/worker.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kStreams = 250;
constexpr std::size_t kConnections = 8;
// Each may be of 4 MiB.
constexpr std::size_t kBodies = 16;
// Handles that are kept for the next requests when there are none.
constexpr std::size_t kIdleSpare = 16;
constexpr std::chrono::seconds kSilence{3};
constexpr int kIdlePollMs = 60 * 1000;
constexpr int kWatchPollMs = 500;

CURLM* NewMulti() {
  CURLM* multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, static_cast<long>(kStreams));
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(kConnections));
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(kConnections));
  return multi;
}

bool BringsBody(const Order& order) { return order.request.method != Method::kHead; }

}  // namespace

Worker::Worker(Events events, std::shared_ptr<const Clock> clock)
    : events_(std::move(events)), clock_(std::move(clock)), multi_(NewMulti()), width_(kConnections) {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

Worker::~Worker() {
  thread_.request_stop();
  Wake();
  thread_.join();
  for (const auto& [easy, slot] : active_) curl_multi_remove_handle(multi_.get(), easy);
}

void Worker::Take(std::shared_ptr<Channel> channel, Order order) {
  const std::lock_guard lock(mutex_);
  incoming_.push_back({std::move(channel), std::move(order)});
  if (incoming_.size() == 1) curl_multi_wakeup(multi_.get());
}

void Worker::Cancel(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  cancelled_.insert(id);
  if (cancelled_.size() == 1) curl_multi_wakeup(multi_.get());
}

void Worker::Wake() {
  const std::lock_guard lock(mutex_);
  curl_multi_wakeup(multi_.get());
}

void Worker::Run(const std::stop_token& stop) {
  // Signals are the main thread's; above all SIGPIPE, which OpenSSL's writes to a closed connection raise.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (!stop.stop_requested()) {
    TakeIncoming();
    Launch();
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    const bool collected = Collect();
    ReportSilence();
    if (!collected && !stop.stop_requested()) {
      curl_multi_poll(multi_.get(), nullptr, 0, PollMilliseconds(), nullptr);
    }
  }
}

void Worker::TakeIncoming() {
  std::set<std::uint64_t> cancelled;
  {
    const std::lock_guard lock(mutex_);
    for (Incoming& incoming : incoming_) {
      if (incoming.channel != channel_) SwitchTo(std::move(incoming.channel));
      queue_.Push(incoming.order.rate_class, std::move(incoming.order));
    }
    incoming_.clear();
    cancelled.swap(cancelled_);
  }
  if (!cancelled.empty()) CancelNow(cancelled);
}

void Worker::SwitchTo(std::shared_ptr<Channel> channel) {
  if (channel_) {
    spare_.clear();
    multi_.reset(NewMulti());
  }
  channel_ = std::move(channel);
  width_ = std::min(kConnections, channel_->concurrency);
  protocol_known_ = false;
}

void Worker::CancelNow(const std::set<std::uint64_t>& ids) {
  std::vector<OrderResult> results;
  for (const Order& order : queue_.Extract([&ids](const Order& queued) { return ids.contains(queued.id); })) {
    results.push_back({.id = order.id, .response = std::nullopt, .connections = 0});
  }
  std::vector<CURL*> active;
  for (const auto& [easy, slot] : active_) {
    if (ids.contains(slot->order.id)) active.push_back(easy);
  }
  for (CURL* easy : active) {
    SlotPtr slot = Remove(easy);
    if (slot->probe) channel_->limiter->AbandonProbe();
    OrderResult& result = results.emplace_back(OrderResult{.id = slot->order.id, .response = {}, .connections = 0});
    slot->transfer.Finish(CURLE_ABORTED_BY_CALLBACK, channel_->settings, &result.connections);
    Keep(std::move(slot));
  }
  for (OrderResult& result : results) events_.done(std::move(result));
}

void Worker::Launch() {
  launch_at_.reset();
  while (!queue_.empty() && active_.size() < width_) {
    const SteadyTime now = clock_->Steady();
    if (queue_.Front().ends.value_or(SteadyTime::max()) <= now) {
      TimeOut(queue_.Pop());
      continue;
    }
    if (BringsBody(queue_.Front()) && bodies_ >= kBodies) return;
    const RateLimiter::Verdict verdict = channel_->limiter->Admit(queue_.Front().request.method, now);
    if (const auto* wait = std::get_if<RateLimiter::Wait>(&verdict)) {
      launch_at_ = wait->until;
      return;
    }
    Order order = queue_.Pop();
    if (const auto* held_back = std::get_if<RateLimiter::HeldBack>(&verdict)) {
      Refuse(order, *held_back);
    } else {
      Start(std::move(order), std::get<RateLimiter::Go>(verdict).probe);
    }
  }
}

void Worker::Start(Order order, bool probe) {
  SlotPtr slot;
  if (spare_.empty()) {
    slot = std::make_unique<Slot>();
  } else {
    slot = std::move(spare_.back());
    spare_.pop_back();
  }
  if (BringsBody(order)) ++bodies_;
  if (order.report_silence) ++watched_;
  slot->order = std::move(order);
  slot->probe = probe;
  slot->silent_since.reset();
  const auto& ends = slot->order.ends;
  slot->transfer.Begin(slot->order.request, channel_->settings, clock_->Wall(),
                       ends ? absl::FromChrono(*ends - clock_->Steady()) : absl::InfiniteDuration());
  // It may go beside one that gets no answer.
  if (slot->order.report_silence) slot->transfer.OpenConnection();
  CURL* easy = slot->transfer.easy();
  active_.emplace(easy, std::move(slot));
  curl_multi_add_handle(multi_.get(), easy);
}

void Worker::Refuse(const Order& order, const RateLimiter::HeldBack& held_back) {
  HttpResponse response;
  response.failure = hosts::Failure::kBudget;
  response.detail = held_back.why;
  response.asked_at = clock_->Wall();
  response.retry_at = response.asked_at + absl::FromChrono(held_back.left);
  events_.done({.id = order.id, .response = std::move(response), .connections = 0});
}

void Worker::TimeOut(const Order& order) {
  HttpResponse response;
  response.failure = hosts::Failure::kDeadline;
  response.detail = "no complete answer in time, redirects included";
  response.asked_at = clock_->Wall();
  events_.done({.id = order.id, .response = std::move(response), .connections = 0});
}

void Worker::ReportSilence() {
  if (watched_ == 0) return;
  const SteadyTime now = clock_->Steady();
  std::vector<std::uint64_t> silent;
  for (auto& [easy, slot] : active_) {
    if (!slot->order.report_silence || !slot->transfer.sent() || slot->transfer.answering()) continue;
    if (!slot->silent_since) slot->silent_since = now;
    if (now - *slot->silent_since < kSilence) continue;
    slot->order.report_silence = false;
    --watched_;
    silent.push_back(slot->order.id);
  }
  for (const std::uint64_t id : silent) events_.silent(id);
}

int Worker::PollMilliseconds() const {
  const int longest = watched_ > 0 ? kWatchPollMs : kIdlePollMs;
  if (!launch_at_) return longest;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*launch_at_ - clock_->Steady());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, longest));
}

bool Worker::Collect() {
  bool any = false;
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    any = true;
    Complete(message->easy_handle, message->data.result);
  }
  return any;
}

void Worker::LearnProtocol(const Transfer& transfer) {
  // Without a limit of one, libcurl opens a connection per request once the streams of the first are used up.
  const bool http2 = transfer.SpokeHttp2();
  width_ = std::min(http2 ? kStreams : kConnections, channel_->concurrency);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, http2 ? 1L : static_cast<long>(kConnections));
  protocol_known_ = true;
}

Worker::SlotPtr Worker::Remove(CURL* easy) {
  curl_multi_remove_handle(multi_.get(), easy);
  const auto found = active_.find(easy);
  SlotPtr slot = std::move(found->second);
  active_.erase(found);
  if (BringsBody(slot->order)) --bodies_;
  if (slot->order.report_silence) --watched_;
  return slot;
}

void Worker::Keep(SlotPtr slot) {
  slot->order = {};
  spare_.push_back(std::move(slot));
  if (active_.empty() && queue_.empty() && spare_.size() > kIdleSpare) spare_.resize(kIdleSpare);
}

void Worker::Complete(CURL* easy, CURLcode code) {
  SlotPtr slot = Remove(easy);
  if (code == CURLE_OK && !protocol_known_) LearnProtocol(slot->transfer);
  long connections = 0;
  HttpResponse response = slot->transfer.Finish(code, channel_->settings, &connections);
  const SteadyTime now = clock_->Steady();
  channel_->limiter->Note(response, now);
  if (const auto left = channel_->limiter->Left(now)) response.retry_at = clock_->Wall() + absl::FromChrono(*left);
  const std::uint64_t id = slot->order.id;
  Keep(std::move(slot));
  events_.done({.id = id, .response = std::move(response), .connections = connections});
}

}  // namespace tagdrift::registry
