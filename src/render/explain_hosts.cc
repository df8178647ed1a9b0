#include <fmt/format.h>

#include <algorithm>

#include "explain.h"
#include "formats.h"
#include "words.h"

namespace tagdrift::render {
namespace {

std::string Milliseconds(const google::protobuf::Duration& latency) {
  return fmt::format("{} ms", latency.seconds() * 1000 + latency.nanos() / 1'000'000);
}

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& items, std::string_view separator) {
  return fmt::format("{}", fmt::join(items, separator));
}

std::string Role(const v1::HostReport& host, const v1::TagReport& tag) {
  const bool is_origin = host.url() == tag.origin().url();
  switch (host.role()) {
    case v1::HOST_ROLE_MIRROR:
      return is_origin ? "mirror, the origin" : "mirror";
    case v1::HOST_ROLE_SERVER:
      return is_origin ? "server, the origin" : "server";
    case v1::HOST_ROLE_DEFAULT:
      return is_origin ? "the registry itself, the origin" : "the registry itself";
    case v1::HOST_ROLE_CONFIGURED:
      return "the origin by --origin, which containerd does not ask";
    default:
      return "";
  }
}

/// "mirror: pull, resolve; its certificate is not verified".
std::string Abilities(const v1::HostReport& host, const v1::RegistryHost* configured, const v1::TagReport& tag) {
  std::string text = Role(host, tag);
  if (configured == nullptr) return text;
  text += ": " + (configured->capabilities().empty() ? "no capability" : Joined(configured->capabilities(), ", "));
  if (configured->skip_verify()) text += "; its certificate is not verified";
  if (configured->http_fallback()) text += "; falls back to http";
  return text;
}

std::string FirstAnswer(const v1::FirstAnswer& first) {
  return "; it changed its answer when it was asked again, the first was " +
         (first.digest().empty() ? first.error() : ShortDigest(first.digest()));
}

/// "BEHIND: has 94ca65e6caf0 (4 ms)".
std::string Answered(const v1::HostReport& host) {
  std::string text = Word(v1::HostState_Name(host.state()), "HOST_STATE_");
  if (!host.digest().empty()) text += ": has " + ShortDigest(host.digest());
  if (host.digest().empty() && !host.error().empty()) text += ": " + host.error();
  if (host.has_latency()) text += " (" + Milliseconds(host.latency()) + ")";
  return host.has_first_answer() ? text + FirstAnswer(host.first_answer()) : text;
}

std::string Place(const v1::RegistryHost& host) {
  return host.line() > 0 ? fmt::format("{}:{}", host.file(), host.line()) : host.file();
}

/// What the walk made of a host, behind its URL.
std::string Walked(const v1::WalkStep& step, bool is_last) {
  const std::string next = is_last ? "no host is left" : "the next host is asked";
  const std::string answered = step.answer().empty() ? "gives no answer" : "answers " + Shortened(step.answer());
  switch (step.why()) {
    case v1::WALK_REASON_ACCEPTED:
      return answered + ", which is taken";
    case v1::WALK_REASON_NO_CAPABILITY:
      return "is passed by: it may not resolve tags";
    case v1::WALK_REASON_NOT_FOUND:
      return answered + ": does not have it, " + next;
    case v1::WALK_REASON_STATUS:
      return answered + ": " + next;
    case v1::WALK_REASON_TRANSPORT:
      return fmt::format("fails ({}): {}", step.answer(), next);
    case v1::WALK_REASON_TOO_LARGE:
      return answered + ", a manifest above the limit: " + next;
    case v1::WALK_REASON_INVALID_DIGEST:
      return answered + ", which is no digest: the pull ends";
    case v1::WALK_REASON_REDIRECT:
      return answered + " and leads nowhere: the pull ends";
    case v1::WALK_REASON_FOLLOW_UP_FAILED:
      return answered + ", and then not what has to follow: the pull ends";
    case v1::WALK_REASON_WRONG_CONTENT:
      return answered + ", and other content than that: the pull ends";
    case v1::WALK_REASON_DENIED:
      return answered + ": whether it opens to the kubelet's credentials is not known";
    case v1::WALK_REASON_NOT_CONCLUDED:
      return "decides nothing here" + (step.answer().empty() ? "" : " (" + step.answer() + ")");
    case v1::WALK_REASON_NOT_REACHED:
      return "is not reached";
    default:
      return answered;
  }
}

/// "brings 94ca65e6caf0 from mirror.corp:5000, which is STALE".
std::string Outcome(const v1::Outcome outcome, const std::string& digest, const std::string& host) {
  const std::string word = Word(v1::Outcome_Name(outcome), "OUTCOME_");
  if (outcome == v1::OUTCOME_FAILS) return "fails";
  if (digest.empty()) return "brings what is not known";
  return fmt::format("brings {} from {}: {}", ShortDigest(digest), HostOf(host), word);
}

std::string Asked(const v1::HostReport& host) {
  const bool has_some = host.credential_sources_size() > 0;
  const std::string some = Joined(host.credential_sources(), ", ");
  switch (host.access()) {
    case v1::ACCESS_OPEN:
      return "asks for none" + (has_some ? "; there are some: " + some : "");
    case v1::ACCESS_ANONYMOUS_TOKEN:
      return "gives everybody a token" + (has_some ? "; there are some: " + some : "");
    case v1::ACCESS_CREDENTIALS:
      return "opens to tagdrift's own" + (has_some ? ": " + some : "");
    case v1::ACCESS_DENIED:
      return "refuses" + (has_some ? ", whatever tagdrift has: " + some : "; tagdrift has none for it");
    default:
      return "was not asked" + (has_some ? "; there are some: " + some : "");
  }
}

bool NeedsNoWord(const v1::HostReport& host) {
  return host.credential_sources().empty() &&
         (host.access() == v1::ACCESS_OPEN || host.access() == v1::ACCESS_UNSPECIFIED);
}

}  // namespace

std::string_view HostOf(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end != std::string_view::npos) url.remove_prefix(scheme_end + 3);
  return url.substr(0, url.find('/'));
}

std::string HostsText(const Explained& explained, std::size_t width) {
  const v1::TagReport& tag = explained.tag;
  if (tag.hosts().empty()) return "";
  std::string text = "\nHosts, in the order in which containerd asks them:\n";
  for (int i = 0; i < tag.hosts_size(); ++i) {
    const v1::HostReport& host = tag.hosts(i);
    const bool is_configured = explained.registry != nullptr && i < explained.registry->hosts_size();
    const v1::RegistryHost* configured = is_configured ? &explained.registry->hosts(i) : nullptr;
    const std::string indent(5, ' ');
    text +=
        Wrap(fmt::format("  {}. ", i + 1), fmt::format("{}  {}", host.url(), Abilities(host, configured, tag)), width);
    text += Wrap(indent, Answered(host), width);
    if (configured != nullptr && !configured->file().empty()) text += Wrap(indent, Place(*configured), width);
  }
  return text;
}

std::string WalkText(const v1::TagReport& tag, std::size_t width) {
  const v1::NextPull& pull = tag.next_pull();
  if (pull.outcome() == v1::OUTCOME_UNSPECIFIED) return "";
  std::string text = "\nThe next pull:\n";
  for (int i = 0; i < pull.walk_size(); ++i) {
    text += Wrap(fmt::format("  {}. ", i + 1),
                 pull.walk(i).url() + " " + Walked(pull.walk(i), i + 1 == pull.walk_size()), width);
  }
  const std::string why = pull.detail().empty() ? "" : ": " + pull.detail();
  text += Wrap("  so it ", Outcome(pull.outcome(), pull.digest(), pull.host()) + why, width);
  if (!pull.has_if_anonymous()) return text;
  const v1::IfAnonymous& anonymous = pull.if_anonymous();
  return text +
         Wrap("  without credentials it ", Outcome(anonymous.outcome(), anonymous.digest(), anonymous.host()), width);
}

std::string CredentialsText(const v1::TagReport& tag, std::size_t width) {
  if (tag.hosts().empty()) return "";
  std::string text = "\nCredentials:\n";
  if (std::ranges::all_of(tag.hosts(), NeedsNoWord)) return text + "  no host asks for any\n";
  for (int i = 0; i < tag.hosts_size(); ++i) {
    text += Wrap(fmt::format("  {}. ", i + 1), tag.hosts(i).url() + " " + Asked(tag.hosts(i)), width);
  }
  switch (tag.next_pull().credentials()) {
    case v1::CREDENTIALS_ASSUMED:
      return text + Wrap("  ", "the kubelet's are presumed to open what tagdrift's own opened", width);
    case v1::CREDENTIALS_MISSING:
      return text + Wrap("  ", "what the kubelet's open is not known: tagdrift has none that do", width);
    default:
      return text;
  }
}

}  // namespace tagdrift::render
