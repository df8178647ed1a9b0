#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "registry/budget.h"
#include "registry/http_message.h"
#include "registry/transfer.h"

namespace tagdrift::registry {

/// How one endpoint is reached, and how gently. Outlives the worker that serves it; used by that worker's thread alone.
struct Lane {
  TransferSettings settings;
  TlsSetup tls;
  Budget budget;
  std::size_t concurrency = 250;
};

/// One thread with one libcurl multi, serving one endpoint at a time: over HTTP/2 one connection with as many streams
/// as the lane allows, otherwise up to 8 connections. What the lane's budget does not allow waits, or is answered
/// Failure::kBudget.
class Worker {
 public:
  /// Called on the worker's thread, once for each request unless the worker is destroyed first.
  using Done = std::function<void(std::uint64_t id, HttpResponse response, long connections)>;

  explicit Worker(Done done);
  /// Abandons what is under way and joins.
  ~Worker();

  /// Queues a request. Another lane than before only while nothing is under way.
  void Take(Lane* lane, std::uint64_t id, HttpRequest request);

 private:
  struct Slot {
    Transfer transfer;
    std::uint64_t id = 0;
    HttpRequest request;
  };
  struct Order {
    Lane* lane;
    std::uint64_t id;
    HttpRequest request;
  };
  struct MultiFree {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  void Run(const std::stop_token& stop);
  void FetchOrders();
  void SwitchTo(Lane* lane);
  void Launch();
  void Start(Order order);
  void Refuse(Order order, const Budget::Closed& closed);
  int PollMilliseconds() const;
  bool Collect();
  void Complete(CURL* easy, CURLcode code);
  void LearnProtocol(const Transfer& transfer);

  Done done_;
  std::mutex mutex_;
  std::deque<Order> inbox_;                  // mutex_
  std::unique_ptr<CURLM, MultiFree> multi_;  // replaced under mutex_
  Lane* lane_ = nullptr;                     // the thread's own from here on
  std::deque<Order> queue_;
  std::map<CURL*, std::unique_ptr<Slot>> active_;
  std::vector<std::unique_ptr<Slot>> spare_;
  std::size_t width_ = 0;
  std::size_t bodies_ = 0;  ///< of the active, those that bring a body
  bool protocol_known_ = false;
  std::optional<Budget::Time> launch_at_;  ///< the budget has the queue wait
  std::jthread thread_;
};

}  // namespace tagdrift::registry
