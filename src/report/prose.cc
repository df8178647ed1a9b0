#include "prose.h"

#include <fmt/format.h>

#include "tagdrift/image/digest.h"
#include "tagdrift/text/printable.h"

namespace tagdrift::report {
namespace {

std::string Url(const judge::Route& route, std::optional<std::size_t> host) {
  return host ? route.hosts[*host]->Url() : "the registry";
}

std::string Short(const std::optional<image::Digest>& digest) { return digest ? digest->Short() : "no digest"; }

/// Which mirror configuration is not used, and what the pull meets instead.
std::string IgnoredDetail(const JudgedTag& tag, const judge::Route& route) {
  const hosts::Note& note = *judge::IgnoredConfiguration(route.config);
  const judge::Pull& pull = tag.result.next_pull.pull;
  const std::string place = note.line > 0 ? fmt::format("{}:{}", note.file, note.line) : note.file;
  const std::string instead = pull.host ? fmt::format("the next pull goes to {} instead", Url(route, pull.host))
                                        : fmt::format("the next pull goes without it: {}", pull.detail);
  return fmt::format("containerd ignores a mirror configuration ({}: {}); {}", place, note.detail, instead);
}

std::string Join(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

std::string OriginHas(const JudgedTag& tag, const judge::Route& route) {
  return fmt::format("{} has {}", Url(route, route.origin), Short(tag.result.origin_digest));
}

std::string StaleDetail(const JudgedTag& tag, const judge::Route& route) {
  const judge::Pull& pull = tag.result.next_pull.pull;
  const std::string origin = OriginHas(tag, route);
  switch (tag.result.cause) {
    case judge::Cause::kStaleMirror:
      return fmt::format("{}; {} is asked first and still serves {}, so the next pull brings that", origin,
                         Url(route, pull.host), Short(pull.digest));
    case judge::Cause::kMirrorDiffers:
      return fmt::format("{}; {} is asked first and serves {}, of which nothing proves that it is older", origin,
                         Url(route, pull.host), Short(pull.digest));
    case judge::Cause::kWrongPlatform:
      return fmt::format(
          "{}; the next pull brings {}, a single manifest for another platform: it pulls without error and cannot run",
          origin, Short(pull.digest));
    case judge::Cause::kPullWouldFail:
      return fmt::format("{}; the next pull fails: {}", origin, pull.detail);
    case judge::Cause::kNotAnImage:
      return fmt::format(
          "what the tag points to here is no image ({}), as after a pull through a web page that asks to "
          "log in; {}",
          tag.result.reason, tag.result.origin_digest ? origin : "what the registry has is not known");
    case judge::Cause::kMirrorConfigIgnored:
      return origin + "; " + IgnoredDetail(tag, route);
    case judge::Cause::kForecastUnknown:
      return origin + "; " + UndecidedPull("the next pull", pull, route);
    default:
      return fmt::format("{}; the next pull brings it", origin);
  }
}

/// The name may never have been pulled: whoever tags another image of the repository makes one.
std::string GoneDetail(const JudgedTag& tag, const judge::Route& route) {
  const bool was_there = !tag.facts.history.origin_served.empty();
  return fmt::format("{} {}: the registry has no such tag; {}", Url(route, route.origin), tag.result.reason,
                     was_there ? "it had, and it was deleted there" : "it was deleted there, or made on this node");
}

std::string LocalDetail(const facts::CachedImage& image) {
  if (image.provenance == facts::Provenance::kElsewhere) return "retagged here from " + Join(image.sources);
  return fmt::format("built or imported here: no record that it came from {}", image.reference.registry());
}

std::string AmbiguousDetail(const facts::CachedImage& image) {
  std::vector<std::string> candidates;
  for (const image::Digest& digest : image.candidates) candidates.push_back(digest.Short());
  if (candidates.empty()) return "the CRI lists no digest for this tag's image";
  return "the CRI cannot say which digest the tag has: " + Join(candidates);
}

std::string NotCachedDetail(const JudgedTag& tag, const judge::Route& route) {
  const std::string& answered = tag.result.reason;
  std::string not_here = "this node has no such name" +
                         (answered.empty() ? "" : fmt::format(", and {} {}", Url(route, route.origin), answered));
  const judge::Pull& pull = tag.result.next_pull.pull;
  switch (pull.outcome) {
    case judge::Outcome::kFresh:
      return fmt::format("{}; a pull brings what {} has", not_here, Url(route, route.origin));
    case judge::Outcome::kEquivalent:
      return fmt::format("{}; {}, and a pull brings the same image on this platform", not_here, OriginHas(tag, route));
    case judge::Outcome::kStale:
      return fmt::format("{}; {}, but a pull brings {} from {}, which is asked first", not_here, OriginHas(tag, route),
                         Short(pull.digest), Url(route, pull.host));
    case judge::Outcome::kFails:
      return fmt::format("{}{} a pull fails: {}", not_here, answered.empty() ? ", and" : ";", pull.detail);
    case judge::Outcome::kUndecided:
      return fmt::format("{}; {}", not_here, UndecidedPull("a pull", pull, route));
  }
  return not_here;
}

std::string UndecidedDetail(const JudgedTag& tag, const judge::Route& route) {
  const std::string& reason = tag.result.reason;
  switch (tag.result.cause) {
    case judge::Cause::kOriginIsMirror:
      return fmt::format(
          "the only origin that this node's hosts.toml leaves is {}, a mirror of {}: say with --origin what to compare "
          "with",
          reason, route.config.registry);
    case judge::Cause::kUnauthorized:
    case judge::Cause::kRateLimited:
    case judge::Cause::kOriginUnreachable:
    case judge::Cause::kBadAnswer:
      return fmt::format("{}: {}", Url(route, route.origin), reason);
    case judge::Cause::kAmbiguousCache:
      return AmbiguousDetail(tag.facts.image);
    case judge::Cause::kNotCached:
      return NotCachedDetail(tag, route);
    case judge::Cause::kWrongPlatform:
      return fmt::format("the cached image is a single manifest for {} and cannot run on this node", reason);
    case judge::Cause::kPullWouldFail:
      return "every pull from this registry fails: " + reason;
    case judge::Cause::kMirrorConfigIgnored:
      return IgnoredDetail(tag, route);
    default:
      return reason;
  }
}

}  // namespace

std::string Detail(const JudgedTag& tag, const judge::Route& route) {
  const judge::TagResult& result = tag.result;
  std::string risk;
  if (result.downgrade_risk) {
    risk = fmt::format("; but {} is asked first, so the next pull would bring {} back",
                       Url(route, result.next_pull.pull.host), Short(result.next_pull.pull.digest));
  }
  switch (result.verdict) {
    case judge::Verdict::kFresh:
      return fmt::format("same digest as {}", Url(route, route.origin)) + risk;
    case judge::Verdict::kEquivalent:
      return OriginHas(tag, route) + ", which is the same image on this platform" + risk;
    case judge::Verdict::kStale:
      return StaleDetail(tag, route);
    case judge::Verdict::kGone:
      return GoneDetail(tag, route);
    case judge::Verdict::kLocal:
      return LocalDetail(tag.facts.image);
    case judge::Verdict::kImmutable:
      return "asked for by digest";
    case judge::Verdict::kUndecided:
      return UndecidedDetail(tag, route);
  }
  return "";
}

std::string UndecidedPull(std::string_view which, const judge::Pull& pull, const judge::Route& route) {
  if (!pull.detail.empty()) return fmt::format("what {} brings is not known: {}", which, pull.detail);
  if (!pull.digest) return fmt::format("what {} brings is not known", which);
  return fmt::format("{} brings {} from {}, and nothing says how that compares with the origin's", which,
                     Short(pull.digest), Url(route, pull.host));
}

std::string AnswerText(const hosts::Answer& answer) {
  if (answer.failure != hosts::Failure::kNone) return answer.failure_detail;
  std::string text = std::to_string(answer.status);
  if (answer.digest_header) {
    const auto digest = image::Digest::Parse(*answer.digest_header);
    text += " " + (digest.ok() ? digest->text() : std::string("(malformed digest)"));
  } else if (answer.get) {
    text += answer.get->status == 200 ? " " + answer.get->digest.text()
                                      : fmt::format(", then {} to GET", answer.get->status);
  }
  if (!answer.error_code.empty()) text += " " + answer.error_code;
  return text;
}

// Printable already here: headlines count its characters.
std::string HostText(const hosts::RegistryHost& host) {
  return text::Printable(host.host.empty() ? host.Url() : host.host);
}

}  // namespace tagdrift::report
