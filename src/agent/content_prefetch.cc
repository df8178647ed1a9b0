#include "content_prefetch.h"

#include <system_error>

#include "tagdrift/text/text.h"

namespace tagdrift::agent {

ContentPrefetch::ContentPrefetch(node::ContentReader& content, const image::Platform& platform,
                                 std::vector<facts::CachedImage>& images, const CallContext& context)
    : content_(content),
      platform_(platform),
      images_(images),
      ends_with_round_(context.stop, End{&ending_}),
      context_{context.deadline, ending_.get_token()} {
  if (!content_.available() || images_.empty()) return;
  content_.Expect(images_, images_.size());
  try {
    reader_ = std::jthread([this] { Run(); });
  } catch (const std::system_error&) {
    // No more threads to be had: it only takes longer.
  }
}

ContentPrefetch::~ContentPrefetch() { ending_.request_stop(); }

void ContentPrefetch::Run() {
  const auto on_read = [this](std::size_t image) {
    const std::lock_guard lock(mutex_);
    read_.push_back(image);
    changed_.notify_one();
  };
  node::ReadContents(content_, platform_, images_, on_read, context_);
}

std::optional<std::size_t> ContentPrefetch::Next() {
  if (named_ == images_.size()) return std::nullopt;
  const std::size_t next = named_++;
  if (!reader_.joinable()) {
    if (const absl::Status status = node::ReadContent(content_, platform_, images_[next], context_); !status.ok()) {
      images_[next].unreadable = text::MessageOf(status);
    }
    return next;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !read_.empty(); });
  const std::size_t read = read_.front();
  read_.pop_front();
  return read;
}

}  // namespace tagdrift::agent
