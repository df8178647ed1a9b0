#include "reuse.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "tagdrift/image/reference.h"
#include "tagdrift/judge/judge.h"
#include "tagdrift/node/inventory.h"

namespace tagdrift::agent {
namespace {

bool SameRules(const judge::Context& a, const judge::Context& b) {
  return a.platform == b.platform && a.has_content_store == b.has_content_store && a.all_hosts == b.all_hosts &&
         a.ask_local == b.ask_local;
}

/// The same hosts are asked in the same way, and their answers mean the same. Why nothing is forecast counts for
/// nothing: it names a time that is reckoned anew in each round, and may come out a second later.
bool SameRoute(const judge::Route& a, const judge::Route& b) {
  const auto same_host = [](const auto& one, const auto& other) { return *one == *other; };
  return a.version == b.version && a.config.error == b.config.error &&
         a.config.unknown.has_value() == b.config.unknown.has_value() &&
         a.no_forecast.has_value() == b.no_forecast.has_value() && a.origin == b.origin &&
         a.origin_source == b.origin_source && std::ranges::equal(a.hosts, b.hosts, same_host);
}

/// What the image store and the CRI say of the name, without its content.
bool SameRecord(const facts::CachedImage& a, const facts::CachedImage& b) {
  return a.target == b.target && a.candidates == b.candidates && a.media_type == b.media_type &&
         a.created_at == b.created_at && a.updated_at == b.updated_at && a.cri_image_id == b.cri_image_id &&
         a.pinned == b.pinned && a.size_bytes == b.size_bytes;
}

/// Nothing but a look at the content store tells that what was missing has come.
bool IsComplete(const facts::CachedImage& image) {
  return image.unreadable.empty() && (!image.stored || image.stored->id.has_value());
}

/// Nobody was asked where tagdrift's own time was up, or where it left the host alone.
bool WasAsked(const judge::TagFacts& tag) {
  return std::ranges::none_of(tag.answers, [](const auto& entry) {
    return entry.second.failure == hosts::Failure::kDeadline || entry.second.failure == hosts::Failure::kBudget;
  });
}

std::optional<facts::StoredImage> StoredNow(facts::CachedImage image, node::ContentReader& content,
                                            const judge::Context& rules, const CallContext& context) {
  if (!content.available() || !node::ReadContent(content, rules.platform, image, context).ok()) return std::nullopt;
  return image.stored;
}

/// What one earlier round has to offer.
struct Earlier {
  std::map<image::Reference, const KeptRound::Tag*> tags;
  std::set<std::string> same_routes;  ///< registries
};

Earlier EarlierFrom(const KeptRound& round, const std::map<std::string, judge::Route>& routes) {
  Earlier earlier;
  for (const KeptRound::Tag& tag : round.tags()) earlier.tags.emplace(tag.facts.image.reference, &tag);
  const std::map<std::string, judge::Route>& earlier_routes = round.rest().routes;
  for (const auto& [registry, route] : routes) {
    const auto before = earlier_routes.find(registry);
    if (before != earlier_routes.end() && SameRoute(before->second, route)) earlier.same_routes.insert(registry);
  }
  return earlier;
}

/// The latest answer that holds for `image` as it is now; null where there is none that is young enough.
const KeptRound::Tag* UsableFor(const facts::CachedImage& image, const Reuse& reuse, const std::vector<Earlier>& rounds,
                                absl::Time now) {
  const image::Reference& name = image.reference;
  if (std::ranges::any_of(reuse.anew, [&](const auto& pattern) { return pattern.Matches(name.Canonical()); })) {
    return nullptr;
  }
  const KeptRound::Tag* before = nullptr;
  for (const Earlier& round : rounds) {
    const auto found = round.tags.find(name);
    if (found == round.tags.end() || !round.same_routes.contains(name.registry())) continue;
    if (!SameRecord(found->second->facts.image, image) || !WasAsked(found->second->facts)) continue;
    if (before == nullptr || found->second->asked_at > before->asked_at) before = found->second;
  }
  if (before == nullptr) return nullptr;
  const absl::Duration age = now - before->asked_at;
  // A clock that was set back makes answers of unknown age.
  return age < absl::ZeroDuration() || age >= (image.IsUsed() ? reuse.in_use : reuse.unused) ? nullptr : before;
}

}  // namespace

std::vector<report::JudgedTag> TakeReusable(const Reuse& reuse, const std::map<std::string, judge::Route>& routes,
                                            const judge::Context& rules, const History::Known& history,
                                            node::ContentReader& content, const CallContext& context,
                                            std::vector<facts::CachedImage>& images) {
  std::vector<report::JudgedTag> taken;
  std::vector<Earlier> rounds;
  for (const auto& round : reuse.rounds) {
    if (round != nullptr && SameRules(round->rest().rules, rules)) rounds.push_back(EarlierFrom(*round, routes));
  }
  std::map<image::Reference, const KeptRound::Tag*> usable;
  for (const facts::CachedImage& image : images) {
    if (const KeptRound::Tag* before = UsableFor(image, reuse, rounds, rules.now)) {
      usable.emplace(image.reference, before);
    }
  }
  const auto incomplete =
      std::ranges::count_if(usable, [](const auto& entry) { return !IsComplete(entry.second->facts.image); });
  content.Expect(images, static_cast<std::size_t>(incomplete));
  std::erase_if(images, [&](const facts::CachedImage& image) {
    const image::Reference& name = image.reference;
    const auto found = usable.find(name);
    if (found == usable.end()) return false;
    const KeptRound::Tag* before = found->second;
    if (!IsComplete(before->facts.image) && StoredNow(image, content, rules, context) != before->facts.image.stored) {
      return false;
    }
    const judge::Route& route = routes.at(name.registry());
    report::JudgedTag tag{.facts = before->facts, .result = {}, .asked_at = before->asked_at};
    tag.facts.image.used_by = image.used_by;
    tag.facts.history = history.Of(name, route);
    if (!judge::Missing(tag.facts, route, rules).empty()) return false;
    tag.result = judge::JudgeTag(tag.facts, route, rules);
    taken.push_back(std::move(tag));
    return true;
  });
  return taken;
}

void KeepEarlierAnswers(const Reuse& reuse, const std::map<std::string, judge::Route>& routes,
                        const judge::Context& rules, const History::Known& history, node::ContentReader& content,
                        const CallContext& context, std::vector<report::JudgedTag>& tags) {
  std::vector<facts::CachedImage> unanswered;
  for (const report::JudgedTag& tag : tags) {
    if (!WasAsked(tag.facts)) unanswered.push_back(tag.facts.image);
  }
  Reuse whatever = reuse;
  whatever.anew.clear();
  for (report::JudgedTag& earlier : TakeReusable(whatever, routes, rules, history, content, context, unanswered)) {
    const auto same_name = [&](const report::JudgedTag& tag) {
      return tag.facts.image.reference == earlier.facts.image.reference;
    };
    *std::ranges::find_if(tags, same_name) = std::move(earlier);
  }
}

}  // namespace tagdrift::agent
