#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

#include "registry/http/channel.h"
#include "registry/http/http_message.h"
#include "registry/http/rate_class_queue.h"
#include "tagdrift/call/clock.h"

namespace tagdrift::registry {

/// A request for a worker.
struct Order {
  std::uint64_t id = 0;
  RateClass rate_class = RateClass::kBackground;
  /// Report when no answer begins within a few seconds of sending it.
  bool report_silence = false;
  /// There is no answer after that; nothing: a request's own time limit alone counts.
  std::optional<SteadyTime> ends;
  HttpRequest request;
};

/// What came of an order.
struct OrderResult {
  std::uint64_t id = 0;
  std::optional<HttpResponse> response;  ///< nothing: it was cancelled
  long connections = 0;                  ///< opened for it
};

/// One thread with one libcurl multi, serving one endpoint at a time: over HTTP/2 one connection with as many streams
/// as the channel allows, otherwise up to 8 connections. What the channel's rate limiter does not allow waits, or is
/// answered Failure::kBudget.
class Worker {
 public:
  /// Called on the worker's thread, without any lock.
  struct Events {
    /// Once for each order, cancelled or not, unless the worker is destroyed first.
    std::function<void(OrderResult result)> done;
    /// The order was sent and nothing has come back for a while. At most once for each order.
    std::function<void(std::uint64_t id)> silent;
  };

  Worker(Events events, std::shared_ptr<const Clock> clock);
  /// Abandons what is under way and joins.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Queues a request. Another channel than before only when there was a result for every order.
  void Take(std::shared_ptr<Channel> channel, Order order);
  /// Ends an order, sent or not, unless there is a result already.
  void Cancel(std::uint64_t id);
  /// Looks again whether the rate limiter lets something go.
  void Wake();

 private:
  struct Slot {
    Transfer transfer;
    Order order;
    bool probe = false;                      ///< the rate limiter waits for its outcome
    std::optional<SteadyTime> silent_since;  ///< sent, and silence is to be reported
  };
  struct Incoming {
    std::shared_ptr<Channel> channel;
    Order order;
  };
  struct MultiFree {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };
  using SlotPtr = std::unique_ptr<Slot>;

  void Run(const std::stop_token& stop);
  void TakeIncoming();
  void SwitchTo(std::shared_ptr<Channel> channel);
  void CancelNow(const std::set<std::uint64_t>& ids);
  void Launch();
  void Start(Order order, bool probe);
  void Refuse(const Order& order, const RateLimiter::HeldBack& held_back);
  void TimeOut(const Order& order);
  void ReportSilence();
  int PollMilliseconds() const;
  bool Collect();
  void Complete(CURL* easy, CURLcode code);
  SlotPtr Remove(CURL* easy);
  void Keep(SlotPtr slot);
  void LearnProtocol(const Transfer& transfer);

  const Events events_;
  const std::shared_ptr<const Clock> clock_;
  std::mutex mutex_;
  std::vector<Incoming> incoming_;     // mutex_
  std::set<std::uint64_t> cancelled_;  // mutex_
  // The thread's own from here on. Connections use the channel: it is released after them.
  std::shared_ptr<Channel> channel_;
  std::unique_ptr<CURLM, MultiFree> multi_;  // replaced under mutex_
  RateClassQueue<Order> queue_;
  std::map<CURL*, SlotPtr> active_;
  std::vector<SlotPtr> spare_;
  std::size_t width_ = 0;
  std::size_t bodies_ = 0;   ///< of the active, those that bring a body
  std::size_t watched_ = 0;  ///< of the active, those whose silence is to be reported
  bool protocol_known_ = false;
  std::optional<SteadyTime> launch_at_;  ///< the rate limiter has the queue wait
  std::jthread thread_;
};

}  // namespace tagdrift::registry
