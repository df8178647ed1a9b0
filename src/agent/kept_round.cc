#include "tagdrift/agent/kept_round.h"

#include <algorithm>
#include <map>
#include <utility>

#include "tagdrift/image/reference.h"

namespace tagdrift::agent {
namespace {

/// As the node's lists have it, before anything is read of its content.
facts::CachedImage AsListed(facts::CachedImage image) {
  image.ForgetContent();
  return image;
}

}  // namespace

KeptRound::KeptRound(report::Round round) : selected_(round.tags.size()) {
  tags_.reserve(round.tags.size() + round.asked_for.size());
  std::map<image::Reference, std::size_t> by_name;
  for (auto* judged : {&round.tags, &round.asked_for}) {
    for (report::JudgedTag& tag : *judged) {
      by_name.emplace(tag.facts.image.reference, tags_.size());
      tags_.push_back({std::move(tag.facts), tag.asked_at});
    }
    *judged = std::vector<report::JudgedTag>();
  }
  std::vector<facts::CachedImage> others;
  images_.reserve(round.node.images.size());
  for (facts::CachedImage& image : round.node.images) {
    const auto found = by_name.find(image.reference);
    const bool is_of_tag = found != by_name.end() && AsListed(tags_[found->second].facts.image) == image;
    images_.push_back(is_of_tag ? std::optional(found->second) : std::nullopt);
    if (!is_of_tag) others.push_back(std::move(image));
  }
  round.node.images = std::move(others);
  rest_ = std::move(round);
}

bool KeptRound::HasRepository(const std::string& name) const {
  const auto has_name = [&](const facts::CachedImage& image) { return image.reference.Name() == name; };
  const auto tag_has_name = [&](const std::optional<std::size_t>& tag) {
    return tag && has_name(tags_[*tag].facts.image);
  };
  return std::ranges::any_of(images_, tag_has_name) || std::ranges::any_of(rest_.node.images, has_name) ||
         std::ranges::any_of(rest_.node.other_digests, has_name);
}

report::Round KeptRound::Whole() const {
  report::Round round = Unjudged();
  for (auto* tags : {&round.tags, &round.asked_for}) {
    for (report::JudgedTag& tag : *tags) report::JudgeTag(round, tag);
  }
  return round;
}

report::Round KeptRound::Unjudged() const {
  report::Round round = rest_;
  round.tags.reserve(selected_);
  round.asked_for.reserve(tags_.size() - selected_);
  for (const Tag& tag : tags_) {
    (round.tags.size() < selected_ ? round.tags : round.asked_for)
        .push_back({.facts = tag.facts, .result = {}, .asked_at = tag.asked_at});
  }
  auto other = std::exchange(round.node.images, {});
  auto next = other.begin();
  round.node.images.reserve(images_.size());
  for (const std::optional<std::size_t>& tag : images_) {
    round.node.images.push_back(tag ? AsListed(tags_[*tag].facts.image) : std::move(*next++));
  }
  return round;
}

}  // namespace tagdrift::agent
