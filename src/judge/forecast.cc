#include "forecast.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "tagdrift/image/platform_walk.h"

namespace tagdrift::judge {
namespace {

/// How the search for one document of the pull ended; `document` or `config` is set when it was found.
struct Arrival {
  bool found = false;
  Outcome outcome = Outcome::kUndecided;  ///< when not found
  std::string detail;
  bool denied = false;  ///< a host wants credentials for it
};

Arrival Fails(std::string detail) { return {.found = false, .outcome = Outcome::kFails, .detail = std::move(detail)}; }

Arrival Undecided(std::string detail) {
  return {.found = false, .outcome = Outcome::kUndecided, .detail = std::move(detail)};
}

Arrival Arrive(Inquiry& inquiry, hosts::Puller puller, const image::Descriptor& blob, bool is_config) {
  const Arrival found{.found = true, .outcome = Outcome::kUndecided, .detail = ""};
  const std::optional<bool> stored = inquiry.Stored(blob.digest, blob.media_type, is_config);
  if (!stored) return {};
  if (*stored) return found;
  const hosts::Resolution walk = inquiry.FetchWalk(puller, blob, is_config);
  if (std::holds_alternative<hosts::Resolved>(walk.end)) return found;
  if (const auto* fails = std::get_if<hosts::Fails>(&walk.end)) return Fails(fails->error);
  const auto* undecided = std::get_if<hosts::Undecided>(&walk.end);
  if (undecided == nullptr) return {};
  Arrival arrival = Undecided(undecided->reason);
  arrival.denied = !walk.steps.empty() && walk.steps.back().why == hosts::Why::kDenied;
  return arrival;
}

/// Follows the pull below its top digest: platform manifest and config must be had too.
class ContentForecast {
 public:
  ContentForecast(Inquiry& inquiry, hosts::Puller puller) : inquiry_(inquiry), puller_(puller) {}

  bool wrong_platform() const { return wrong_platform_; }

  /// Nothing: all of it can be had.
  std::optional<Arrival> Obstacle(const hosts::Resolved& resolved) {
    const image::Digest& top = resolved.digest;
    if (resolved.bogus || !image::IsManifestOrIndex(resolved.media_type)) {
      const std::string what = resolved.bogus ? "an error page" : fmt::format("'{}'", resolved.media_type);
      return Fails(fmt::format("the tag resolves to {}, which is no image", what));
    }
    if (Complete(top)) return Misnamed(resolved, inquiry_.tag().image.stored->manifest != top);
    image::PlatformWalk walk(inquiry_.context().platform,
                             {.media_type = resolved.media_type, .digest = top, .size = resolved.size});
    while (const image::Descriptor* wanted = walk.Next()) {
      const Arrival arrival = Arrive(inquiry_, puller_, *wanted, false);
      if (!arrival.found) return arrival;
      const Finding<image::Document> document = inquiry_.Document(wanted->digest, wanted->media_type, {});
      if (!document) return Undecided(document.why_not);
      const bool is_index = std::holds_alternative<image::Index>(*document.value);
      if (auto misnamed = wanted->digest == top ? Misnamed(resolved, is_index) : std::nullopt) return misnamed;
      walk.Take(*document.value);
    }
    if (const auto* deep = std::get_if<image::NestedTooDeeply>(&walk.end())) {
      return Undecided(fmt::format("index {} is nested too deeply", deep->index.Short()));
    }
    if (walk.manifest() == nullptr) return NoImageFor(top);
    return ConfigObstacle(*walk.manifest(), top, walk.is_index());
  }

 private:
  /// containerd reads a document as what the host announces, and refuses the other kind.
  static std::optional<Arrival> Misnamed(const hosts::Resolved& resolved, bool is_index) {
    if (image::IsIndex(resolved.media_type) == is_index) return std::nullopt;
    return Fails(fmt::format("{} is {}, announced as '{}'", resolved.digest.Short(),
                             is_index ? "an index" : "a manifest", resolved.media_type));
  }

  Arrival NoImageFor(const image::Digest& top) const {
    return Fails(fmt::format("{} has no image for {}", top.Short(), inquiry_.context().platform.Text()));
  }

  /// What the tag points to now is known to be complete; no request is needed.
  bool Complete(const image::Digest& top) {
    const facts::CachedImage& cached = inquiry_.tag().image;
    if (cached.target != top || !cached.stored || !cached.stored->id) return false;
    wrong_platform_ = cached.stored->manifest == top && cached.stored->platform && IsForeign(*cached.stored->platform);
    return true;
  }

  std::optional<Arrival> ConfigObstacle(const image::PlatformManifest& found, const image::Digest& top, bool is_index) {
    const image::Descriptor& blob = found.manifest.config;
    const Arrival arrival = Arrive(inquiry_, puller_, blob, true);
    if (!arrival.found) return arrival;
    const Finding<image::ImageConfig> config = inquiry_.Config(blob.digest, {});
    if (!config) return std::nullopt;
    if (!found.Accepts(inquiry_.context().platform, config.value->platform)) return NoImageFor(top);
    wrong_platform_ = !is_index && IsForeign(config.value->platform);
    return std::nullopt;
  }

  bool IsForeign(const image::Platform& platform) const {
    return !platform.os.empty() && !image::Rank(inquiry_.context().platform, platform);
  }

  Inquiry& inquiry_;
  hosts::Puller puller_;
  bool wrong_platform_ = false;
};

Outcome Compare(Inquiry& inquiry, const image::Digest& digest, const std::string& media_type, std::size_t host,
                const OriginView& origin) {
  if (!origin.digest) return Outcome::kUndecided;
  if (digest == *origin.digest) return Outcome::kFresh;
  const auto pulled = FindPlatformImage(inquiry, digest, media_type, {host});
  const auto wanted = FindPlatformImage(inquiry, *origin.digest, origin.media_type, {*inquiry.route().origin});
  if (!pulled.image || !wanted.image) return Outcome::kUndecided;
  return Equivalent(*pulled.image, *wanted.image) ? Outcome::kEquivalent : Outcome::kStale;
}

struct OnePull {
  Pull pull;
  std::vector<hosts::WalkStep> walk;
  bool wrong_platform = false;
  bool content_denied = false;
};

OnePull FollowPull(Inquiry& inquiry, hosts::Puller puller, const OriginView& origin) {
  OnePull result;
  hosts::Resolution walk = hosts::ResolveTag(inquiry.route().config, inquiry.route().version, puller,
                                             inquiry.tag().image.reference.Canonical(), [&](std::size_t host) {
                                               return inquiry.AnswerTo({host, Topic::kTag, std::nullopt, ""});
                                             });
  result.walk = std::move(walk.steps);
  if (const auto* fails = std::get_if<hosts::Fails>(&walk.end)) {
    result.pull.outcome = Outcome::kFails;
    result.pull.detail = fails->error;
  } else if (const auto* undecided = std::get_if<hosts::Undecided>(&walk.end)) {
    result.pull.detail = undecided->reason;
  } else if (const auto* resolved = std::get_if<hosts::Resolved>(&walk.end)) {
    result.pull.digest = resolved->digest;
    result.pull.host = resolved->host;
    ContentForecast content(inquiry, puller);
    const std::optional<Arrival> obstacle = content.Obstacle(*resolved);
    result.wrong_platform = content.wrong_platform();
    if (obstacle) {
      result.pull.outcome = obstacle->outcome;
      result.pull.detail = obstacle->detail;
      result.content_denied = obstacle->denied;
    } else {
      result.pull.outcome = Compare(inquiry, resolved->digest, resolved->media_type, resolved->host, origin);
    }
  }
  return result;
}

/// Whose credentials the walk's end rests on.
Credentials CredentialsOf(const Inquiry& inquiry, const std::vector<hosts::WalkStep>& walk) {
  Credentials result = Credentials::kNotNeeded;
  for (const hosts::WalkStep& step : walk) {
    const auto answer =
        inquiry.tag().answers.find({inquiry.route().asked_as[step.host], Topic::kTag, std::nullopt, ""});
    if (step.why == hosts::Why::kDenied) return Credentials::kMissing;
    if (answer == inquiry.tag().answers.end()) continue;
    if (answer->second.access == hosts::Access::kCredentials) result = Credentials::kAssumed;
  }
  return result;
}

}  // namespace

Forecast ForecastPull(Inquiry& inquiry, const OriginView& origin) {
  Forecast forecast;
  const Route& route = inquiry.route();
  if (route.config.error) {
    forecast.pull.outcome = Outcome::kFails;
    forecast.pull.detail = *route.config.error;
    return forecast;
  }
  if (route.config.unknown || route.no_forecast) {
    forecast.pull.detail = route.config.unknown ? *route.config.unknown : *route.no_forecast;
    return forecast;
  }
  OnePull as_asked = FollowPull(inquiry, hosts::Puller::kAsAsked, origin);
  forecast.pull = std::move(as_asked.pull);
  forecast.walk = std::move(as_asked.walk);
  forecast.wrong_platform = as_asked.wrong_platform;
  forecast.credentials = as_asked.content_denied ? Credentials::kMissing : CredentialsOf(inquiry, forecast.walk);
  if (forecast.credentials != Credentials::kNotNeeded) {
    forecast.if_anonymous = FollowPull(inquiry, hosts::Puller::kAnonymous, origin).pull;
  }
  return forecast;
}

}  // namespace tagdrift::judge
