#include "values.h"

#include <utility>

namespace tagdrift::node {

image::Digest DigestOf(char digit) { return *image::Digest::Parse(IdOf(digit)); }

std::string IdOf(char digit) { return "sha256:" + std::string(64, digit); }

image::Reference Ref(const std::string& text) { return *image::Reference::Parse(text); }

ImageRecord Record(const std::string& name, char target) {
  ImageRecord record;
  record.name = name;
  record.target_digest = IdOf(target);
  record.target_media_type = std::string(image::kOciManifest);
  record.target_size = 400;
  return record;
}

CriImage Image(char id, std::vector<std::string> tags, std::vector<std::string> digests) {
  return {IdOf(id), std::move(tags), std::move(digests), 1000, false};
}

CriContainer Container(const std::string& id, const std::string& image, char image_id) {
  CriContainer container;
  container.id = id;
  container.name = "main";
  container.image = image;
  container.image_ref = IdOf(image_id);
  container.state = "running";
  return container;
}

const facts::CachedImage* Find(const facts::Node& node, const std::string& reference) {
  for (const facts::CachedImage& image : node.images) {
    if (image.reference.Canonical() == reference) return &image;
  }
  return nullptr;
}

std::vector<std::string> References(const facts::Node& node) {
  std::vector<std::string> references;
  for (const facts::CachedImage& image : node.images) references.push_back(image.reference.Canonical());
  return references;
}

std::vector<std::string> Uses(const facts::CachedImage& image) {
  std::vector<std::string> uses;
  for (const facts::ContainerUse& use : image.used_by) {
    uses.push_back(use.id + (use.basis == facts::UseBasis::kRequested ? "/requested" : "/same image"));
  }
  return uses;
}

}  // namespace tagdrift::node
