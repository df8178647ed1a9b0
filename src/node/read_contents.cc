#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "read_content.h"
#include "tagdrift/text/text.h"

namespace tagdrift::node {
namespace {

/// The walks of many images, each of which goes on when the blob that it lacks has come.
class Walks {
 public:
  Walks(ContentReader& content, const image::Platform& platform, std::vector<facts::CachedImage>& images,
        const std::function<void(std::size_t)>& on_read, const CallContext& context)
      : content_(content), platform_(platform), images_(images), on_read_(on_read), context_(context) {}

  /// The blob to be read next. What has begun comes first, so that images are done one after the other. Nothing: all
  /// walks have ended or wait for what is being read.
  std::optional<image::Digest> Next() {
    while (to_read_.empty() && begun_ < images_.size()) Start(begun_++);
    if (to_read_.empty()) return std::nullopt;
    image::Digest digest = to_read_.front();
    to_read_.pop_front();
    return digest;
  }

  void Take(const image::Digest& digest, const absl::StatusOr<std::string>& bytes) {
    const std::vector<Waiter> waiters = std::move(waiting_.extract(digest).mapped());
    std::map<ContentCache::Kind, absl::Status> taken;
    for (const Waiter& waiter : waiters) {
      const ContentCache::Kind kind = waiter.blob.kind;
      if (!taken.contains(kind)) taken.emplace(kind, content_.Take(waiter.blob, bytes).status());
    }
    for (const Waiter& waiter : waiters) {
      const absl::Status& status = taken.at(waiter.blob.kind);
      status.ok() ? GoOn(waiter.image) : End(waiter.image, status);
    }
  }

 private:
  struct Waiter {
    std::size_t image;
    BlobQuery blob;
  };

  void Start(std::size_t image) {
    images_[image].ForgetContent();
    if (!content_.available() || !images_[image].target) return on_read_(image);
    walks_.emplace(image, StoredWalk(platform_, images_[image]));
    GoOn(image);
  }

  /// As far as it gets without a blob that is yet to be read.
  void GoOn(std::size_t image) {
    StoredWalk& walk = walks_.at(image);
    while (const BlobQuery* wanted = walk.Next()) {
      if (JoinOthers(image, *wanted)) return;
      const auto known = content_.Begin(*wanted, context_);
      if (!known) return Wait(image, *wanted);
      if (!known->ok()) return End(image, known->status());
      walk.Take(**known);
    }
    End(image, SetContent(content_, walk.stored(), images_[image], context_));
  }

  /// True if the blob is being read for another image: then this one waits too.
  bool JoinOthers(std::size_t image, const BlobQuery& blob) {
    const auto found = waiting_.find(blob.digest);
    if (found == waiting_.end()) return false;
    const auto same_kind = [&](const Waiter& waiter) { return waiter.blob.kind == blob.kind; };
    if (std::ranges::none_of(found->second, same_kind)) return false;
    found->second.push_back({image, blob});
    return true;
  }

  void Wait(std::size_t image, const BlobQuery& blob) {
    std::vector<Waiter>& waiters = waiting_[blob.digest];
    if (waiters.empty()) to_read_.push_back(blob.digest);
    waiters.push_back({image, blob});
  }

  void End(std::size_t image, const absl::Status& status) {
    walks_.erase(image);
    if (!status.ok()) images_[image].unreadable = text::MessageOf(status);
    on_read_(image);
  }

  ContentReader& content_;
  const image::Platform& platform_;
  std::vector<facts::CachedImage>& images_;
  const std::function<void(std::size_t)>& on_read_;
  const CallContext& context_;
  std::size_t begun_ = 0;
  std::map<std::size_t, StoredWalk> walks_;               ///< that have begun and not ended
  std::map<image::Digest, std::vector<Waiter>> waiting_;  ///< by the blob that they wait for
  std::deque<image::Digest> to_read_;                     ///< those of them that have not been asked for
};

}  // namespace

void ReadContents(ContentReader& content, const image::Platform& platform, std::vector<facts::CachedImage>& images,
                  const std::function<void(std::size_t)>& on_read, const CallContext& context) {
  Walks walks(content, platform, images, on_read, context);
  if (!content.available()) {
    walks.Next();
    return;
  }
  // While streams are open, each against its own time, their thread is to wait for nothing else.
  content.ListExpected(context);
  content.ReadMany(
      [&] { return walks.Next(); },
      [&](const image::Digest& digest, const absl::StatusOr<std::string>& bytes) { walks.Take(digest, bytes); },
      context);
  content.ForgetListing();
}

}  // namespace tagdrift::node
