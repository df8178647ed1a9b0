#include "serve/board.h"

#include <utility>
#include <vector>

#include "serve/changes.h"

namespace tagdrift::serve {

std::shared_ptr<const Published> Board::Latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

std::optional<v1::FailedRound> Board::Failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void Board::Publish(std::shared_ptr<const agent::KeptRound> round, v1::NodeReport report) {
  std::uint64_t generation = 1;
  std::optional<v1::ReportChanges> news;
  if (const auto before = Latest()) {
    news = NewsBetween(before->report->report()->Parse(), report);
    generation = before->report->generation() + (news ? 1 : 0);
  }
  auto published = std::make_shared<Published>();
  published->round = std::move(round);
  published->report = std::make_shared<const Snapshot>(
      generation, std::make_shared<const SerialisedReport>(std::move(report)), std::nullopt, news);
  const std::lock_guard lock(mutex_);
  latest_ = std::move(published);
  failure_.reset();
  is_told_ = false;
  published_.notify_all();
}

void Board::Tell(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (!published_.wait(lock, stop, [this] { return !is_told_; })) return;
      is_told_ = true;
    }
    std::vector<std::shared_ptr<Listening>> all;
    {
      const std::lock_guard lock(listeners_->mutex);
      for (const auto& [id, listening] : listeners_->all) all.push_back(listening);
    }
    for (const auto& listening : all) {
      if (stop.stop_requested()) return;
      const std::lock_guard lock(listening->mutex);
      if (listening->listener) listening->listener();
    }
  }
}

void Board::PublishFailure(v1::FailedRound failure) {
  const std::lock_guard lock(mutex_);
  failure_ = failure;
  if (latest_ == nullptr) return;
  auto published = std::make_shared<Published>(*latest_);
  published->report =
      std::make_shared<const Snapshot>(latest_->report->generation(), latest_->report->report(), std::move(failure));
  latest_ = std::move(published);
}

std::shared_ptr<void> Board::Listen(Listener listener) {
  auto listening = std::make_shared<Listening>();
  listening->listener = std::move(listener);
  const std::lock_guard lock(listeners_->mutex);
  const std::uint64_t id = listeners_->next++;
  listeners_->all.emplace(id, listening);
  return {nullptr, [listeners = listeners_, listening, id](void*) {
            {
              const std::lock_guard inner(listeners->mutex);
              listeners->all.erase(id);
            }
            const std::lock_guard inner(listening->mutex);
            listening->listener = nullptr;
          }};
}

}  // namespace tagdrift::serve
