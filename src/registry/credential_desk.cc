#include "registry/credential_desk.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>

namespace tagdrift::registry {
namespace {

constexpr std::size_t kMaxThreads = 32;

}  // namespace

CredentialDesk::CredentialDesk(std::shared_ptr<const CredentialSource> source, Done done)
    : source_(std::move(source)), done_(std::move(done)) {
  threads_.reserve(kMaxThreads);
}

CredentialDesk::~CredentialDesk() {
  std::vector<std::jthread> threads;
  {
    const std::lock_guard lock(mutex_);
    questions_.clear();
    threads = std::move(threads_);
  }
  for (std::jthread& thread : threads) thread.request_stop();
}

void CredentialDesk::Ask(WantCredentials question) {
  const std::lock_guard lock(mutex_);
  questions_.push_back(std::move(question));
  asked_.notify_one();
  if (idle_ < questions_.size() && threads_.size() < kMaxThreads) {
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
}

void CredentialDesk::Run(const std::stop_token& stop) {
  // Signals are the main thread's.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    asked_.wait(lock, stop, [this] { return Next() != questions_.end(); });
    --idle_;
    const auto next = Next();
    if (next == questions_.end() || stop.stop_requested()) return;
    const WantCredentials question = std::move(*next);
    questions_.erase(next);
    busy_.insert(question.host);
    lock.unlock();
    done_(question, source_->Find(question.host, question.repository, CallContext()));
    lock.lock();
    busy_.erase(question.host);
    asked_.notify_one();
  }
}

std::deque<WantCredentials>::iterator CredentialDesk::Next() {
  return std::find_if(questions_.begin(), questions_.end(),
                      [this](const WantCredentials& question) { return !busy_.contains(question.host); });
}

}  // namespace tagdrift::registry
