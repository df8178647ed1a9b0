#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "tagdrift/node/content_reader.h"
#include "tagdrift/text/text.h"

namespace tagdrift::node {
namespace {

constexpr std::size_t kReaders = 8;

/// The images of one round, shared out among several readers.
class Images {
 public:
  Images(ContentReader& content, const image::Platform& platform, std::vector<facts::CachedImage>& images,
         const CallContext& context)
      : content_(content), platform_(platform), images_(images), context_(context) {}

  /// One reader's part: returns when no image is left.
  void Read() {
    for (std::size_t i = next_++; i < images_.size(); i = next_++) Read(images_[i]);
  }

  /// Why the reading ended early, after all readers have returned.
  absl::Status ended() const { return ended_; }

 private:
  void Read(facts::CachedImage& image) {
    if (std::optional<std::string> why = Silent()) {
      image.unreadable = *std::move(why);
      return;
    }
    const absl::Status status = ReadContent(content_, platform_, image, context_);
    if (status.ok()) return;
    const std::lock_guard lock(mutex_);
    if (context_.Ended(std::chrono::steady_clock::now())) {
      ended_.Update(status);
      next_ = images_.size();
      return;
    }
    image.unreadable = text::MessageOf(status);
    if (absl::IsDeadlineExceeded(status)) silent_ = image.unreadable;
  }

  std::optional<std::string> Silent() {
    const std::lock_guard lock(mutex_);
    return silent_;
  }

  ContentReader& content_;
  const image::Platform& platform_;
  std::vector<facts::CachedImage>& images_;
  const CallContext& context_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  absl::Status ended_;
  /// The store did not answer in time: every other image would wait as long.
  std::optional<std::string> silent_;
};

}  // namespace

absl::Status ReadContents(ContentReader& content, const image::Platform& platform,
                          std::vector<facts::CachedImage>& images, const CallContext& context) {
  Images reading(content, platform, images, context);
  {
    std::vector<std::jthread> helpers;
    try {
      while (helpers.size() + 1 < std::min(images.size(), kReaders)) helpers.emplace_back([&] { reading.Read(); });
    } catch (const std::system_error&) {
      // No more threads to be had: fewer only take longer.
    }
    reading.Read();
  }
  return reading.ended();
}

}  // namespace tagdrift::node
