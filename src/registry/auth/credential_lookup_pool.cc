#include "registry/auth/credential_lookup_pool.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxThreads = 32;

}  // namespace

CredentialLookupPool::CredentialLookupPool(std::shared_ptr<const CredentialSource> source, Done done,
                                           std::shared_ptr<const Clock> clock)
    : source_(std::move(source)), done_(std::move(done)), clock_(std::move(clock)) {}

CredentialLookupPool::~CredentialLookupPool() {
  std::list<std::unique_ptr<LookupThread>> threads;
  std::vector<std::stop_source> lookups;
  {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
    for (const Lookup& lookup : under_way_) lookups.push_back(lookup.stop);
    threads.swap(threads_);
  }
  for (const auto& thread : threads) thread->thread.request_stop();
  for (std::stop_source& lookup : lookups) lookup.request_stop();
}

void CredentialLookupPool::Ask(std::uint64_t lookup, CredentialQuestion question) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({.id = lookup, .question = std::move(question), .stop = {}});
  asked_.notify_one();
  if (idle_ >= waiting_.size() || threads_.size() >= kMaxThreads) return;
  LookupThread& self = *threads_.emplace_back(std::make_unique<LookupThread>());
  self.thread = std::jthread([this, &self](const std::stop_token& stop) { Run(self, stop); });
}

void CredentialLookupPool::Cancel(std::uint64_t lookup) {
  std::stop_source stop(std::nostopstate);
  {
    const std::lock_guard lock(mutex_);
    const auto is_it = [lookup](const Lookup& one) { return one.id == lookup; };
    std::erase_if(waiting_, is_it);
    const auto found = std::find_if(under_way_.begin(), under_way_.end(), is_it);
    if (found != under_way_.end()) stop = found->stop;
  }
  stop.request_stop();
}

void CredentialLookupPool::EndIdle(std::chrono::nanoseconds idle) {
  std::list<std::unique_ptr<LookupThread>> ended;
  const SteadyTime now = clock_->Steady();
  {
    const std::lock_guard lock(mutex_);
    for (auto thread = threads_.begin(); thread != threads_.end();) {
      const auto next = std::next(thread);
      const auto& since = (*thread)->idle_since;
      if (waiting_.empty() && since && now - *since >= idle) {
        (*thread)->ended = true;
        --idle_;
        (*thread)->thread.request_stop();
        ended.splice(ended.end(), threads_, thread);
      }
      thread = next;
    }
  }
}

std::size_t CredentialLookupPool::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

void CredentialLookupPool::Run(LookupThread& self, const std::stop_token& stop) {
  // Signals are the main thread's.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    self.idle_since = clock_->Steady();
    asked_.wait(lock, stop, [this] { return Next() != waiting_.end(); });
    if (!self.ended) --idle_;
    self.idle_since.reset();
    if (stop.stop_requested()) {
      asked_.notify_one();  // It may have been woken in another's place.
      return;
    }
    const auto next = Next();
    const auto lookup = under_way_.insert(under_way_.end(), std::move(*next));
    waiting_.erase(next);
    lock.unlock();
    CredentialAnswer answer = source_->Find(lookup->question.host, lookup->question.repository,
                                            {.deadline = SteadyTime::max(), .stop = lookup->stop.get_token()});
    if (!lookup->stop.stop_requested()) done_(lookup->id, std::move(answer));
    lock.lock();
    under_way_.erase(lookup);
    asked_.notify_one();
  }
}

std::deque<CredentialLookupPool::Lookup>::iterator CredentialLookupPool::Next() {
  return std::find_if(waiting_.begin(), waiting_.end(), [this](const Lookup& one) {
    return std::none_of(under_way_.begin(), under_way_.end(),
                        [&one](const Lookup& other) { return other.question.host == one.question.host; });
  });
}

}  // namespace tagdrift::registry
