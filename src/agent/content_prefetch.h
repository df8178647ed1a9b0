#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "tagdrift/call/call_context.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/image/platform.h"
#include "tagdrift/node/content_reader.h"

namespace tagdrift::agent {

/// Reads the content of many images, a few at a time, so that the round can go on with those that are read.
class ContentPrefetch {
 public:
  /// `images` and the rest outlive this. An image is another thread's until Next has named it.
  ContentPrefetch(node::ContentReader& content, const image::Platform& platform,
                  std::vector<facts::CachedImage>& images, const CallContext& context);
  /// Ends the reading at the next image, or with the context, and waits.
  ~ContentPrefetch();
  ContentPrefetch(const ContentPrefetch&) = delete;
  ContentPrefetch& operator=(const ContentPrefetch&) = delete;

  /// Waits for another image whose content was read, or could not be read (`unreadable` says why). Nothing: that was
  /// all.
  std::optional<std::size_t> Next();

 private:
  void Run(const std::stop_token& stop);

  node::ContentReader& content_;
  const image::Platform& platform_;
  std::vector<facts::CachedImage>& images_;
  const CallContext context_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::size_t> read_;  ///< and not named yet; mutex_
  std::size_t left_;              ///< not named yet
  std::vector<std::jthread> readers_;
};

}  // namespace tagdrift::agent
