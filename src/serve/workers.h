#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>

namespace tagdrift::serve {

/// Threads for what blocks, one a job. How many there are at a time is for the callers to bound. Thread safe.
class Workers {
 public:
  using Job = std::function<void(const std::stop_token& stop)>;

  Workers() = default;
  /// Requests every job to stop and waits for their ends.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// False: there is no thread to be had, and `job` is not run. What it throws ends it alone, and is logged.
  bool Start(Job job);
  /// From now on nothing starts; what runs is requested to stop.
  void RequestStop();

 private:
  struct Worker {
    bool done = false;  ///< mutex_
    std::jthread thread;
  };

  void Reap();

  std::mutex mutex_;
  bool stopped_ = false;
  std::list<Worker> workers_;
};

}  // namespace tagdrift::serve
