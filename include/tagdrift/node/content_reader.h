#pragma once

#include <cstddef>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>
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

  /// A manifest or index, taken for what `media_type` says (empty: for what it says itself). NotThere where it is
  /// missing or is none of these. Errors: the store could not be asked, or the budget has
  /// no room.
  absl::StatusOr<facts::Content> Document(const image::Digest& digest, const std::string& media_type,
                                          const CallContext& context);
  /// An image config; otherwise as Document.
  absl::StatusOr<facts::Content> Config(const image::Digest& digest, const CallContext& context);
  /// Labels of the blob; nothing where it is missing.
  absl::StatusOr<std::optional<std::map<std::string, std::string>>> Labels(const image::Digest& digest,
                                                                           const CallContext& context);

 private:
  template <typename Value>
  using Readings = std::map<image::Digest, std::shared_future<absl::StatusOr<Value>>>;

  template <typename Parse>
  absl::StatusOr<facts::Content> Get(Readings<facts::Content>& readings, const image::Digest& digest,
                                     ContentCache::Kind kind, Parse parse, const CallContext& context);
  absl::StatusOr<std::optional<ContentInfo>> Info(const image::Digest& digest, const CallContext& context);
  absl::StatusOr<bool> IsThere(const image::Digest& digest, const CallContext& context);
  /// Null where the store is not to be listed, or could not be.
  const ContentListing* Listing(const CallContext& context);

  ContainerdClient* const client_;
  ContentCache* const cache_;
  ByteBudget* const budget_;
  std::mutex mutex_;
  Readings<facts::Content> documents_;
  Readings<facts::Content> configs_;
  Readings<std::optional<ContentInfo>> infos_;

  std::mutex listing_mutex_;  ///< held while the store is listed
  std::optional<std::vector<image::Digest>> targets_;
  bool was_listed_ = false;  ///< or could not be
  std::optional<ContentListing> listing_;
};

/// True if `labels`, of a blob, say that it was pulled from the registry and repository of `reference`.
bool IsFrom(const image::Reference& reference, const std::map<std::string, std::string>& labels);

/// Fills `stored`, `provenance` and `sources` of `image` from the content store.
/// Errors: the store could not be asked; nothing is said about the image's content then.
absl::Status ReadContent(ContentReader& content, const image::Platform& platform, facts::CachedImage& image,
                         const CallContext& context);

/// ReadContent for all of `images`, several at a time. Where it fails for one of them, that image's `unreadable` says
/// why. Errors: the context has ended; nothing is said about the images then.
absl::Status ReadContents(ContentReader& content, const image::Platform& platform,
                          std::vector<facts::CachedImage>& images, const CallContext& context);

}  // namespace tagdrift::node
