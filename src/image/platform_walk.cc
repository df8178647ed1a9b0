#include "tagdrift/image/platform_walk.h"

#include <utility>

namespace tagdrift::image {

bool PlatformManifest::Accepts(const Platform& node, const Platform& config) const {
  return platform_checked || Rank(node, config).has_value();
}

PlatformWalk::PlatformWalk(Platform node, Descriptor top) : node_(std::move(node)), wanted_(std::move(top)) {}

const Descriptor* PlatformWalk::Next() const {
  return std::holds_alternative<std::monostate>(end_) ? &wanted_ : nullptr;
}

void PlatformWalk::Take(const Document& document) {
  if (media_type_.empty()) media_type_ = std::visit([](const auto& read) { return read.media_type; }, document);
  if (const auto* manifest = std::get_if<Manifest>(&document)) {
    end_ = PlatformManifest{wanted_.digest, *manifest, platform_checked_};
    return;
  }
  if (indexes_ == kIndexLimit) {
    end_ = NestedTooDeeply{wanted_.digest};
    return;
  }
  ++indexes_;
  const Descriptor* entry = SelectManifest(std::get<Index>(document), node_);
  if (entry == nullptr) {
    end_ = NoPlatformManifest{wanted_.digest};
    return;
  }
  platform_checked_ = entry->platform.has_value();
  wanted_ = *entry;
}

}  // namespace tagdrift::image
