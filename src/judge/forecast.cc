#include "forecast.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "tagdrift/image/platform_walk.h"

namespace tagdrift::judge {
namespace {

/// Whether the pull can have a piece of content: from the node, or from the hosts in containerd's fetch order.
struct ContentAvailability {
  bool found = false;
  Outcome outcome = Outcome::kUndecided;  ///< when not found
  std::string detail;
  bool denied = false;  ///< a host wants credentials for it
};

ContentAvailability Fails(std::string detail) {
  return {.found = false, .outcome = Outcome::kFails, .detail = std::move(detail)};
}

ContentAvailability Undecided(std::string detail) {
  return {.found = false, .outcome = Outcome::kUndecided, .detail = std::move(detail)};
}

ContentAvailability FindAvailability(FactLookup& lookup, hosts::Puller puller, const image::Descriptor& blob,
                                     bool is_config) {
  const ContentAvailability found{.found = true, .outcome = Outcome::kUndecided, .detail = ""};
  const std::optional<bool> stored = lookup.Stored(blob.digest, blob.media_type, is_config);
  if (!stored) return {};
  if (*stored) return found;
  const hosts::Resolution walk = lookup.FetchWalk(puller, blob, is_config);
  if (std::holds_alternative<hosts::Resolved>(walk.end)) return found;
  if (const auto* fails = std::get_if<hosts::Fails>(&walk.end)) return Fails(fails->error);
  const auto* undecided = std::get_if<hosts::Undecided>(&walk.end);
  if (undecided == nullptr) return {};
  ContentAvailability availability = Undecided(undecided->reason);
  availability.denied = !walk.steps.empty() && walk.steps.back().why == hosts::WalkReason::kDenied;
  return availability;
}

/// Follows the pull below its top digest: platform manifest and config must be had too.
class ContentForecast {
 public:
  ContentForecast(FactLookup& lookup, hosts::Puller puller) : lookup_(lookup), puller_(puller) {}

  bool wrong_platform() const { return wrong_platform_; }

  /// Nothing: all of it can be had.
  std::optional<ContentAvailability> FirstUnavailable(const hosts::Resolved& resolved) {
    const image::Digest& top = resolved.digest;
    if (resolved.is_error_page || !image::IsManifestOrIndex(resolved.media_type)) {
      const std::string what = resolved.is_error_page ? "an error page" : fmt::format("'{}'", resolved.media_type);
      return Fails(fmt::format("{} answers the tag with {}, which is no image",
                               lookup_.route().hosts[resolved.host]->Url(), what));
    }
    if (Complete(top)) return OfWrongKind(resolved, lookup_.tag().image.stored->manifest != top);
    image::PlatformWalk walk(lookup_.context().platform,
                             {.media_type = resolved.media_type, .digest = top, .size = resolved.size});
    while (const image::Descriptor* wanted = walk.Next()) {
      const ContentAvailability availability = FindAvailability(lookup_, puller_, *wanted, false);
      if (!availability.found) return availability;
      const Finding<image::Document> document = lookup_.Document(wanted->digest, wanted->media_type, {});
      if (!document) return Undecided(document.why_not);
      const bool is_index = std::holds_alternative<image::Index>(*document.value);
      if (auto wrong_kind = wanted->digest == top ? OfWrongKind(resolved, is_index) : std::nullopt) return wrong_kind;
      walk.Take(*document.value);
    }
    if (const auto* deep = std::get_if<image::NestedTooDeeply>(&walk.end())) {
      return Undecided(fmt::format("index {} is nested too deeply", deep->index.Short()));
    }
    if (walk.manifest() == nullptr) return NoImageFor(top);
    return CheckConfig(*walk.manifest(), top, walk.is_index());
  }

 private:
  /// containerd reads a document as what the host announces, and refuses the other kind.
  static std::optional<ContentAvailability> OfWrongKind(const hosts::Resolved& resolved, bool is_index) {
    if (image::IsIndex(resolved.media_type) == is_index) return std::nullopt;
    return Fails(fmt::format("{} is {}, announced as '{}'", resolved.digest.Short(),
                             is_index ? "an index" : "a manifest", resolved.media_type));
  }

  ContentAvailability NoImageFor(const image::Digest& top) const {
    return Fails(fmt::format("{} has no image for {}", top.Short(), lookup_.context().platform.Text()));
  }

  /// What the tag points to now is known to be complete; no request is needed.
  bool Complete(const image::Digest& top) {
    const facts::CachedImage& cached = lookup_.tag().image;
    if (cached.target != top || !cached.stored || !cached.stored->id) return false;
    wrong_platform_ = cached.stored->manifest == top && cached.stored->platform && IsForeign(*cached.stored->platform);
    return true;
  }

  std::optional<ContentAvailability> CheckConfig(const image::PlatformManifest& found, const image::Digest& top,
                                                 bool is_index) {
    const image::Descriptor& blob = found.manifest.config;
    const ContentAvailability availability = FindAvailability(lookup_, puller_, blob, true);
    if (!availability.found) return availability;
    const Finding<image::ImageConfig> config = lookup_.Config(blob.digest, {});
    if (!config) return std::nullopt;
    if (!found.Accepts(lookup_.context().platform, config.value->platform)) return NoImageFor(top);
    wrong_platform_ = !is_index && IsForeign(config.value->platform);
    return std::nullopt;
  }

  bool IsForeign(const image::Platform& platform) const {
    return !platform.os.empty() && !image::Rank(lookup_.context().platform, platform);
  }

  FactLookup& lookup_;
  hosts::Puller puller_;
  bool wrong_platform_ = false;
};

void Compare(FactLookup& lookup, const hosts::Resolved& resolved, const OriginView& origin, Pull& pull) {
  if (!origin.digest) return;
  if (resolved.digest == *origin.digest) {
    pull.outcome = Outcome::kFresh;
    return;
  }
  const auto pulled = FindPlatformImage(lookup, resolved.digest, resolved.media_type, {resolved.host});
  const auto wanted = FindPlatformImage(lookup, *origin.digest, origin.media_type, {*lookup.route().origin});
  if (!pulled.image || !wanted.image) return;
  pull.image_id = pulled.image->config;
  pull.outcome = Equivalent(*pulled.image, *wanted.image) ? Outcome::kEquivalent : Outcome::kStale;
}

struct PullForecast {
  Pull pull;
  std::vector<hosts::WalkStep> walk;
  bool wrong_platform = false;
  bool content_denied = false;
  std::optional<std::size_t> needs;  ///< the answer of this host about the tag
};

PullForecast ForecastOnePull(FactLookup& lookup, hosts::Puller puller, const OriginView& origin,
                             const std::set<std::size_t>& without = {}) {
  PullForecast result;
  hosts::Answer not_there;
  not_there.status = 404;
  const hosts::AnswerOf answer = [&](std::size_t host) {
    return without.contains(host) ? &not_there : lookup.AnswerTo({host, QueryKind::kTag, std::nullopt, ""});
  };
  hosts::Resolution walk = hosts::ResolveTag(lookup.route().config, lookup.route().version, puller,
                                             lookup.tag().image.reference.Canonical(), answer);
  result.walk = std::move(walk.steps);
  if (const auto* needs = std::get_if<hosts::Needs>(&walk.end)) {
    result.needs = needs->host;
  } else if (const auto* fails = std::get_if<hosts::Fails>(&walk.end)) {
    result.pull.outcome = Outcome::kFails;
    result.pull.detail = fails->error;
  } else if (const auto* undecided = std::get_if<hosts::Undecided>(&walk.end)) {
    result.pull.detail = undecided->reason;
  } else if (const auto* resolved = std::get_if<hosts::Resolved>(&walk.end)) {
    result.pull.digest = resolved->digest;
    result.pull.host = resolved->host;
    ContentForecast content(lookup, puller);
    const std::optional<ContentAvailability> unavailable = content.FirstUnavailable(*resolved);
    result.wrong_platform = content.wrong_platform();
    if (unavailable) {
      result.pull.outcome = unavailable->outcome;
      result.pull.detail = unavailable->detail;
      result.content_denied = unavailable->denied;
    } else {
      Compare(lookup, *resolved, origin, result.pull);
    }
  }
  return result;
}

/// Whose credentials the walk's end rests on.
Credentials CredentialsOf(const FactLookup& lookup, const std::vector<hosts::WalkStep>& walk) {
  Credentials result = Credentials::kNotNeeded;
  for (const hosts::WalkStep& step : walk) {
    const auto answer =
        lookup.tag().answers.find({lookup.route().same_requests_as[step.host], QueryKind::kTag, std::nullopt, ""});
    if (step.why == hosts::WalkReason::kDenied) return Credentials::kMissing;
    if (answer == lookup.tag().answers.end()) continue;
    if (answer->second.access == hosts::Access::kCredentials) result = Credentials::kAssumed;
  }
  return result;
}

}  // namespace

Forecast ForecastPull(FactLookup& lookup, const OriginView& origin) {
  Forecast forecast;
  const Route& route = lookup.route();
  if (route.config.error) {
    forecast.pull.outcome = Outcome::kFails;
    forecast.pull.detail = *route.config.error;
    return forecast;
  }
  if (route.config.unknown || route.no_forecast) {
    forecast.pull.detail = route.config.unknown ? *route.config.unknown : *route.no_forecast;
    return forecast;
  }
  PullForecast as_asked = ForecastOnePull(lookup, hosts::Puller::kWithCredentials, origin);
  forecast.pull = std::move(as_asked.pull);
  forecast.walk = std::move(as_asked.walk);
  forecast.wrong_platform = as_asked.wrong_platform;
  forecast.credentials = as_asked.content_denied ? Credentials::kMissing : CredentialsOf(lookup, forecast.walk);
  if (forecast.credentials != Credentials::kNotNeeded) {
    forecast.if_anonymous = ForecastOnePull(lookup, hosts::Puller::kAnonymous, origin).pull;
  }
  return forecast;
}

PullWithout ForecastPullWithout(FactLookup& lookup, const OriginView& origin, const std::set<std::size_t>& without) {
  PullForecast forecast = ForecastOnePull(lookup, hosts::Puller::kWithCredentials, origin, without);
  return {.pull = std::move(forecast.pull), .unasked = forecast.needs};
}

}  // namespace tagdrift::judge
