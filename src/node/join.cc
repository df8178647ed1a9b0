#include <algorithm>
#include <set>
#include <utility>

#include "containers.h"
#include "names.h"
#include "record.h"
#include "tagdrift/node/inventory.h"
#include "uses.h"

namespace tagdrift::node {
namespace {

/// Names that make no entry, for a note.
class LeftOut {
 public:
  void Add(const std::string& name) { names_.insert(name); }

  void Tell(const std::string& what, std::vector<std::string>& notes) const {
    if (names_.empty()) return;
    std::string note = std::to_string(names_.size()) + (names_.size() == 1 ? " name " : " names ") + what + ": ";
    std::size_t shown = 0;
    for (const std::string& name : names_) {
      if (shown == kShown) break;
      note += (shown++ == 0 ? "" : ", ") + Quoted(name);
    }
    notes.push_back(note + (names_.size() > kShown ? ", …" : ""));
  }

 private:
  static constexpr std::size_t kShown = 3;

  static std::string Quoted(std::string name) {
    constexpr std::size_t kLongest = 120;
    if (name.size() > kLongest) name.resize(kLongest);
    return '"' + name + '"';
  }

  std::set<std::string> names_;
};

/// Sorts the snapshot's names into tags and digest names.
class Joiner {
 public:
  explicit Joiner(const Snapshot& snapshot) : snapshot_(snapshot) {}

  facts::Node Join() {
    if (snapshot_.records) {
      for (const ImageRecord& record : *snapshot_.records) AddRecord(record);
    }
    for (const CriImage& image : snapshot_.cri_images) AddCriImage(image);
    node_.containers = ContainersOf(snapshot_.containers, snapshot_.sandboxes, snapshot_.container_records);
    node_.sandboxes = SandboxesOf(snapshot_.sandboxes);
    AssignUses();
    TellNotes();
    CollectImages();
    return std::move(node_);
  }

 private:
  void AddRecord(const ImageRecord& record) {
    Name name = ReadName(record.name);
    switch (name.kind) {
      case NameKind::kImageId:
        return;
      case NameKind::kMalformed:
        malformed_.Add(record.name);
        return;
      case NameKind::kShort:
        short_names_.Add(record.name);
        short_keys_.insert(KeyOf(*name.reference));
        return;
      case NameKind::kTag:
        FillFromRecord(record, Entry(tags_, *name.reference));
        return;
      case NameKind::kDigest:
        FillFromRecord(record, Entry(digests_, *name.reference));
        return;
    }
  }

  void FillFromRecord(const ImageRecord& record, facts::CachedImage& image) {
    TakeRecord(record, image);
    if (!image.target) bad_targets_.Add(record.name);
  }

  void AddCriImage(const CriImage& image) {
    if (image.repo_tags.empty() && image.repo_digests.empty()) ++node_.unnamed_images;
    for (const std::string& text : image.repo_tags) AddCriName(image, text);
    for (const std::string& text : image.repo_digests) AddCriName(image, text);
  }

  void AddCriName(const CriImage& image, const std::string& text) {
    const Name name = ReadName(text);
    if (!name.reference) {
      malformed_.Add(text);
      return;
    }
    const std::string key = KeyOf(*name.reference);
    if (short_keys_.contains(key) && !tags_.contains(key) && !digests_.contains(key)) return;
    const bool is_tag = !name.reference->digest();
    if (snapshot_.records && !tags_.contains(key) && !digests_.contains(key)) unrecorded_.Add(text);
    facts::CachedImage& entry = Entry(is_tag ? tags_ : digests_, *name.reference);
    if (!snapshot_.records) {
      Pairing pairing = PairByLists(image, *name.reference);
      entry.target = pairing.target;
      entry.candidates = std::move(pairing.candidates);
    }
    entry.cri_image_id = image.id;
    entry.size_bytes = image.size_bytes;
    entry.pinned = entry.pinned || image.pinned;
  }

  static facts::CachedImage& Entry(ImagesByKey& images, const image::Reference& reference) {
    const image::Reference name = reference.digest() ? reference.At(*reference.digest()) : reference;
    return images.try_emplace(KeyOf(reference), facts::CachedImage{name}).first->second;
  }

  void AssignUses() {
    for (auto& [key, users] : DeriveUses(node_.containers, tags_, digests_)) {
      const auto tag = tags_.find(key);
      (tag != tags_.end() ? tag : digests_.find(key))->second.used_by = std::move(users);
    }
  }

  void TellNotes() {
    malformed_.Tell("in the image store, being no image references, left out", node_.notes);
    short_names_.Tell("in the image store, not in the full form that the runtime looks up, left out", node_.notes);
    bad_targets_.Tell("in the image store pointing to no valid digest", node_.notes);
    unrecorded_.Tell("known to the CRI but not in containerd's image store", node_.notes);
  }

  void CollectImages() {
    for (auto& [key, image] : tags_) node_.images.push_back(std::move(image));
    for (auto& [key, image] : digests_) {
      (image.used_by.empty() ? node_.other_digests : node_.images).push_back(std::move(image));
    }
    node_.digest_names = CountDigestNames(node_);
    std::sort(node_.images.begin(), node_.images.end(),
              [](const auto& a, const auto& b) { return a.reference.Canonical() < b.reference.Canonical(); });
  }

  const Snapshot& snapshot_;
  ImagesByKey tags_;
  ImagesByKey digests_;
  std::set<std::string> short_keys_;
  LeftOut malformed_;
  LeftOut short_names_;
  LeftOut bad_targets_;
  LeftOut unrecorded_;
  facts::Node node_;
};

}  // namespace

facts::Node Join(const Snapshot& snapshot) { return Joiner(snapshot).Join(); }

int CountDigestNames(const facts::Node& node) {
  std::set<std::pair<std::string, image::Digest>> tagged;
  for (const facts::CachedImage& image : node.images) {
    if (image.reference.digest()) continue;
    if (image.target) tagged.emplace(image.reference.Name(), *image.target);
    for (const image::Digest& candidate : image.candidates) tagged.emplace(image.reference.Name(), candidate);
  }
  return static_cast<int>(std::ranges::count_if(node.other_digests, [&](const facts::CachedImage& image) {
    return !tagged.contains({image.reference.Name(), *image.reference.digest()});
  }));
}

}  // namespace tagdrift::node
