#include "registry/worker.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>

#include "absl/time/clock.h"

namespace tagdrift::registry {
namespace {

constexpr std::size_t kStreams = 250;
constexpr std::size_t kConnections = 8;
// Each may be of 4 MiB.
constexpr std::size_t kBodies = 16;
constexpr int kIdlePollMs = 60 * 1000;

CURLM* NewMulti() {
  CURLM* multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, static_cast<long>(kStreams));
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(kConnections));
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(kConnections));
  return multi;
}

}  // namespace

Worker::Worker(Done done) : done_(std::move(done)), multi_(NewMulti()), width_(kConnections) {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

Worker::~Worker() {
  thread_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    curl_multi_wakeup(multi_.get());
  }
  thread_.join();
  for (const auto& [easy, slot] : active_) curl_multi_remove_handle(multi_.get(), easy);
}

void Worker::Take(Lane* lane, std::uint64_t id, HttpRequest request) {
  const std::lock_guard lock(mutex_);
  inbox_.push_back({lane, id, std::move(request)});
  if (inbox_.size() == 1) curl_multi_wakeup(multi_.get());
}

void Worker::Run(const std::stop_token& stop) {
  // Signals are the main thread's; above all SIGPIPE, which OpenSSL's writes to a closed connection raise.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (!stop.stop_requested()) {
    FetchOrders();
    Launch();
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    if (!Collect() && !stop.stop_requested()) {
      curl_multi_poll(multi_.get(), nullptr, 0, PollMilliseconds(), nullptr);
    }
  }
}

void Worker::FetchOrders() {
  const std::lock_guard lock(mutex_);
  while (!inbox_.empty()) {
    if (inbox_.front().lane != lane_) SwitchTo(inbox_.front().lane);
    queue_.push_back(std::move(inbox_.front()));
    inbox_.pop_front();
  }
}

void Worker::SwitchTo(Lane* lane) {
  if (lane_ != nullptr) {
    spare_.clear();
    multi_.reset(NewMulti());
  }
  lane_ = lane;
  width_ = std::min(kConnections, lane_->concurrency);
  protocol_known_ = false;
}

void Worker::Launch() {
  launch_at_.reset();
  while (!queue_.empty() && active_.size() < width_) {
    if (queue_.front().request.method != Method::kHead && bodies_ >= kBodies) return;
    const Budget::Time now = Budget::Time::clock::now();
    const Budget::Verdict verdict = lane_->budget.Admit(queue_.front().request.method, now);
    if (const auto* wait = std::get_if<Budget::Wait>(&verdict)) {
      launch_at_ = wait->until;
      return;
    }
    Order order = std::move(queue_.front());
    queue_.pop_front();
    if (const auto* closed = std::get_if<Budget::Closed>(&verdict)) {
      Refuse(std::move(order), *closed);
    } else {
      Start(std::move(order));
    }
  }
}

void Worker::Start(Order order) {
  std::unique_ptr<Slot> slot;
  if (spare_.empty()) {
    slot = std::make_unique<Slot>();
  } else {
    slot = std::move(spare_.back());
    spare_.pop_back();
  }
  if (order.request.method != Method::kHead) ++bodies_;
  slot->id = order.id;
  slot->request = std::move(order.request);
  slot->transfer.Begin(slot->request, lane_->settings);
  CURL* easy = slot->transfer.easy();
  active_.emplace(easy, std::move(slot));
  curl_multi_add_handle(multi_.get(), easy);
}

void Worker::Refuse(Order order, const Budget::Closed& closed) {
  HttpResponse response;
  response.failure = hosts::Failure::kBudget;
  response.detail = closed.why;
  response.asked_at = absl::Now();
  response.retry_at = response.asked_at + absl::FromChrono(closed.left);
  done_(order.id, std::move(response), 0);
}

int Worker::PollMilliseconds() const {
  if (!launch_at_) return kIdlePollMs;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*launch_at_ - Budget::Time::clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kIdlePollMs));
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
  width_ = std::min(http2 ? kStreams : kConnections, lane_->concurrency);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, http2 ? 1L : static_cast<long>(kConnections));
  protocol_known_ = true;
}

void Worker::Complete(CURL* easy, CURLcode code) {
  curl_multi_remove_handle(multi_.get(), easy);
  const auto found = active_.find(easy);
  std::unique_ptr<Slot> slot = std::move(found->second);
  active_.erase(found);
  if (slot->request.method != Method::kHead) --bodies_;
  if (code == CURLE_OK && !protocol_known_) LearnProtocol(slot->transfer);
  long connections = 0;
  HttpResponse response = slot->transfer.Finish(code, lane_->settings, &connections);
  const Budget::Time now = Budget::Time::clock::now();
  lane_->budget.Note(response, now);
  if (const auto left = lane_->budget.Left(now)) response.retry_at = absl::Now() + absl::FromChrono(*left);
  const std::uint64_t id = slot->id;
  spare_.push_back(std::move(slot));
  done_(id, std::move(response), connections);
}

}  // namespace tagdrift::registry
