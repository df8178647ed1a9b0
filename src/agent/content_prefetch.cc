#include "content_prefetch.h"

#include <algorithm>
#include <system_error>

#include "tagdrift/text/text.h"

namespace tagdrift::agent {
namespace {

constexpr std::size_t kReaders = 4;

}  // namespace

ContentPrefetch::ContentPrefetch(node::ContentReader& content, const image::Platform& platform,
                                 std::vector<facts::CachedImage>& images, const CallContext& context)
    : content_(content), platform_(platform), images_(images), context_(context), left_(images.size()) {
  if (!content_.available()) return;
  content_.Expect(images_, images_.size());
  try {
    while (readers_.size() < std::min(images_.size(), kReaders)) {
      readers_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
    }
  } catch (const std::system_error&) {
    // No more threads to be had: fewer only take longer.
  }
}

ContentPrefetch::~ContentPrefetch() {
  for (std::jthread& reader : readers_) reader.request_stop();
}

void ContentPrefetch::Run(const std::stop_token& stop) {
  for (std::size_t i = next_++; i < images_.size() && !stop.stop_requested(); i = next_++) {
    const absl::Status status = node::ReadContent(content_, platform_, images_[i], context_);
    if (!status.ok()) images_[i].unreadable = text::MessageOf(status);
    const std::lock_guard lock(mutex_);
    read_.push_back(i);
    changed_.notify_one();
  }
}

std::optional<std::size_t> ContentPrefetch::Next() {
  if (left_ == 0) return std::nullopt;
  --left_;
  if (readers_.empty()) {
    const std::size_t i = next_++;
    if (const absl::Status status = node::ReadContent(content_, platform_, images_[i], context_); !status.ok()) {
      images_[i].unreadable = text::MessageOf(status);
    }
    return i;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !read_.empty(); });
  const std::size_t i = read_.front();
  read_.pop_front();
  return i;
}

}  // namespace tagdrift::agent
