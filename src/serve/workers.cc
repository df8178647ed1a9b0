#include "serve/workers.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

#include "serve/start_thread.h"

namespace tagdrift::serve {

Workers::~Workers() {
  RequestStop();
  std::list<Worker> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(workers_);
  }
  for (Worker& worker : left) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

void Workers::RequestStop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (Worker& worker : workers_) worker.thread.request_stop();
}

void Workers::Reap() {
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    worker = worker->done ? workers_.erase(worker) : std::next(worker);
  }
}

bool Workers::Start(Job job) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  Reap();
  Worker& worker = workers_.emplace_back();
  const absl::Status started = StartThread(worker.thread, "starting a worker",
                                           [this, &worker, job = std::move(job)](const std::stop_token& stop) {
                                             try {
                                               job(stop);
                                             } catch (const std::exception& error) {
                                               spdlog::error("a call ended by an exception: {}", error.what());
                                             }
                                             const std::lock_guard inner(mutex_);
                                             worker.done = true;
                                           });
  if (!started.ok()) workers_.pop_back();
  return started.ok();
}

}  // namespace tagdrift::serve
