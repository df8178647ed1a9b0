#include "serve/watcher.h"

#include <utility>

namespace tagdrift::serve {

Watcher::Watcher(NodeCacheService& service, grpc::CallbackServerContext& context, v1::WatchReportRequest request,
                 std::shared_ptr<void> slot, std::shared_ptr<void> view)
    : service_(service),
      context_(context),
      caller_(service.entrance_.CallerOf(context)),
      request_(std::move(request)),
      slot_(std::move(slot)),
      view_(std::move(view)),
      sending_(service.shared_.calls, context) {}

void Watcher::Begin(const grpc::Status& status) {
  if (!status.ok()) {
    const std::lock_guard lock(mutex_);
    return End(status);
  }
  listening_ = service_.shared_.board.Listen([this] { Wake(); });
  // What it brings is told by the board, also that there is nothing new.
  if (request_.refresh()) {
    auto patterns = PatternsOf(request_.filter());
    if (patterns.ok()) service_.shared_.loop.RequestRound(*std::move(patterns), {}, [](const absl::Status&) {});
  }
  Wake();
}

void Watcher::Wake() {
  const std::lock_guard lock(mutex_);
  if (!writing_) WriteNext();
}

void Watcher::WriteNext() {
  const auto published = service_.shared_.board.Latest();
  // Before the first report there is nothing to tell, and after it only what is new.
  if (ended_ || published == nullptr) return;
  if (told_ != nullptr && told_->generation() == published->report->generation()) {
    // It says the same as the one that was told, which is not kept for this.
    if (IsWhole(request_.filter(), request_.view())) told_ = published->report;
    return;
  }
  const Unmatched unmatched = told_ == nullptr ? Unmatched::kIsAnError : Unmatched::kIsNothing;
  Views& views = service_.shared_.views;
  auto snapshot = views.Of(published, request_.filter(), request_.view(), caller_, unmatched);
  if (absl::IsResourceExhausted(snapshot.status()) && told_ != nullptr) {
    // Its own makes room: it is told all again.
    told_.reset();
    snapshot = views.Of(published, request_.filter(), request_.view(), caller_, unmatched);
  }
  if (!snapshot.ok()) return End(service_.NoSnapshot(context_, snapshot.status()));
  being_told_ = *std::move(snapshot);
  message_ = being_told_->Event(told_.get());
  writing_ = true;
  sending_.Begin();
  StartWrite(&message_);
}

void Watcher::End(const grpc::Status& status) {
  if (std::exchange(ended_, true)) return;
  told_.reset();
  sending_.Begin();
  Finish(status);
}

void Watcher::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  sending_.Taken();
  message_.Clear();
  told_ = std::move(being_told_);
  if (!ok) return End({grpc::StatusCode::CANCELLED, "the reader has gone"});
  WriteNext();
}

void Watcher::OnCancel() {
  const std::lock_guard lock(mutex_);
  End({grpc::StatusCode::CANCELLED, "cancelled"});
}

void Watcher::OnDone() {
  listening_.reset();
  delete this;
}

}  // namespace tagdrift::serve
