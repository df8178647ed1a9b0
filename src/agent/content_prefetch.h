#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "tagdrift/call/call_context.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/image/platform.h"
#include "tagdrift/node/content_reader.h"

namespace tagdrift::agent {

/// Reads the content of many images while the round goes on with those that are read.
class ContentPrefetch {
 public:
  /// `images` and the rest outlive this. An image is another thread's until Next has named it.
  ContentPrefetch(node::ContentReader& content, const image::Platform& platform,
                  std::vector<facts::CachedImage>& images, const CallContext& context);
  /// Ends the reading, and waits.
  ~ContentPrefetch();
  ContentPrefetch(const ContentPrefetch&) = delete;
  ContentPrefetch& operator=(const ContentPrefetch&) = delete;

  /// Waits for another image whose content was read, or could not be read (`unreadable` says why). Nothing: that was
  /// all.
  std::optional<std::size_t> Next();

 private:
  struct End {
    std::stop_source* ending;
    void operator()() const { ending->request_stop(); }
  };

  void Run();

  node::ContentReader& content_;
  const image::Platform& platform_;
  std::vector<facts::CachedImage>& images_;
  std::stop_source ending_;  ///< requested with the round's stop, or at the end of this
  const std::stop_callback<End> ends_with_round_;
  const CallContext context_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::size_t> read_;  ///< and not named yet; mutex_
  std::size_t named_ = 0;
  std::jthread reader_;  ///< none: Next reads
};

}  // namespace tagdrift::agent
