#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tagdrift/call/byte_budget.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/facts/content.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/node/containerd_client.h"
#include "tagdrift/node/content_cache.h"
#include "tagdrift/node/content_listing.h"

namespace tagdrift::node {

/// A blob that is to be read.
struct BlobQuery {
  image::Digest digest;
  ContentCache::Kind kind = ContentCache::Kind::kDocument;
  /// What a document is taken for; empty: for what it says itself.
  std::string media_type = {};
};

/// Reads content of the node's content store during one round; each digest is asked for at most once, unless the store
/// could not be asked. What `cache` knows of a digest is not read again, only its presence is asked. Thread safe; all
/// calls share the round's context, as one may wait for what another is reading.
class ContentReader {
 public:
  /// `client` may be null (no content store): then everything is unknown. `cache` may be null, and `budget` too, which
  /// counts what was read; all outlive this.
  explicit ContentReader(ContainerdClient* client, ContentCache* cache = nullptr, ByteBudget* budget = nullptr)
      : client_(client), cache_(cache), budget_(budget) {}

  bool available() const { return client_ != nullptr; }

  /// Says that the content of `count` of `images` is about to be read. Where that is many, the store is listed, once,
  /// instead of being asked for each digest: when it is first to be asked, and with the labels of all targets of
  /// `images`. What is not in the listing is asked for before it is called missing, as it may have come since; so is
  /// everything where the store cannot be listed. After the first time that `count` was many this does nothing.
  void Expect(const std::vector<facts::CachedImage>& images, std::size_t count);
  /// Lists the store now, where it is to be listed and was not.
  void ListExpected(const CallContext& context) { (void)Listing(context); }
  /// What was expected has been read: from now on each digest is asked for again, since much may have come and gone.
  void ForgetListing();

  /// The content of a blob. NotThere where it is missing or is not what it is taken for. Errors: the store could not be
  /// asked, or the budget has no room.
  absl::StatusOr<facts::Content> Read(const BlobQuery& blob, const CallContext& context);
  /// Read of a manifest or index, taken for what `media_type` says (empty: for what it says itself).
  absl::StatusOr<facts::Content> Document(const image::Digest& digest, const std::string& media_type,
                                          const CallContext& context) {
    return Read({digest, ContentCache::Kind::kDocument, media_type}, context);
  }
  /// Read of an image config.
  absl::StatusOr<facts::Content> Config(const image::Digest& digest, const CallContext& context) {
    return Read({digest, ContentCache::Kind::kConfig}, context);
  }

  /// What Read answers, as far as that takes no reading of the blob by the caller: it was read before, the cache has
  /// it, or another is reading it, which is waited for. Nothing: the caller is to read the blob (ReadMany) and to hand
  /// it to Take, also if that fails; until then others wait for it, and so would Begin.
  std::optional<absl::StatusOr<facts::Content>> Begin(const BlobQuery& blob, const CallContext& context);
  /// ContainerdClient::ReadMany of blobs that Begin left to the caller. There must be a content store.
  void ReadMany(const ContainerdClient::NextBlob& next, const ContainerdClient::OnBlob& on_read,
                const CallContext& context);
  /// Takes what ReadMany gave and answers as Read does.
  absl::StatusOr<facts::Content> Take(const BlobQuery& blob, const absl::StatusOr<std::string>& bytes);

  /// Labels of the blob; nothing where it is missing.
  absl::StatusOr<std::optional<std::map<std::string, std::string>>> Labels(const image::Digest& digest,
                                                                           const CallContext& context);

 private:
  using Key = std::pair<image::Digest, ContentCache::Kind>;
  struct Reading {
    std::promise<absl::StatusOr<facts::Content>> promise;
    std::shared_future<absl::StatusOr<facts::Content>> content = promise.get_future().share();
  };

  /// What the blob's bytes, or the failure to read them, make of it.
  absl::StatusOr<facts::Content> Interpret(const BlobQuery& blob, const absl::StatusOr<std::string>& bytes);
  /// Ends what Begin began. A failure to ask is not remembered.
  absl::StatusOr<facts::Content> Settle(const BlobQuery& blob, absl::StatusOr<facts::Content> content);
  absl::StatusOr<std::optional<ContentInfo>> Info(const image::Digest& digest, const CallContext& context);
  absl::StatusOr<bool> IsThere(const image::Digest& digest, const CallContext& context);
  /// Null where the store is not to be listed, or could not be, or that was long ago.
  std::shared_ptr<const ContentListing> Listing(const CallContext& context);

  ContainerdClient* const client_;
  ContentCache* const cache_;
  ByteBudget* const budget_;
  std::mutex mutex_;
  std::map<Key, Reading> readings_;
  std::map<image::Digest, std::shared_future<absl::StatusOr<std::optional<ContentInfo>>>> infos_;

  std::mutex listing_mutex_;  ///< held while the store is listed
  std::optional<std::vector<image::Digest>> targets_;
  bool was_listed_ = false;  ///< or could not be
  std::shared_ptr<const ContentListing> listing_;
};

/// True if `labels`, of a blob, say that it was pulled from the registry and repository of `reference`.
bool IsFrom(const image::Reference& reference, const std::map<std::string, std::string>& labels);

/// Fills `stored`, `provenance` and `sources` of `image` from the content store.
/// Errors: the store could not be asked; nothing is said about the image's content then.
absl::Status ReadContent(ContentReader& content, const image::Platform& platform, facts::CachedImage& image,
                         const CallContext& context);

/// ReadContent for all of `images` by the calling thread, with many blobs on their way at a time. Calls `on_read` once
/// for each index, in any order, as soon as that image is done. Where it could not be read, its `unreadable` says why;
/// once the context has ended that is so of all that were not done.
void ReadContents(ContentReader& content, const image::Platform& platform, std::vector<facts::CachedImage>& images,
                  const std::function<void(std::size_t)>& on_read, const CallContext& context);

}  // namespace tagdrift::node
