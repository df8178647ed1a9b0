#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats.h"
#include "trouble.h"
#include "words.h"

namespace tagdrift::render {
namespace {

/// A host other than the origin that answers amiss, with the tags of which it does.
struct UnwellHost {
  const v1::HostReport* example;
  v1::WalkReason walked = v1::WALK_REASON_NOT_REACHED;
  std::size_t tags = 0;
};

bool IsUnwell(const v1::HostReport& host) {
  switch (host.state()) {
    case v1::HOST_STATE_BROKEN:
    case v1::HOST_STATE_DENIED:
    case v1::HOST_STATE_RATE_LIMITED:
    case v1::HOST_STATE_UNREACHABLE:
    case v1::HOST_STATE_BAD_ANSWER:
      return true;
    default:
      return false;
  }
}

/// What the walk made of the host.
v1::WalkReason WalkedPast(const v1::TagReport& tag, const std::string& url) {
  const auto& walk = tag.next_pull().walk();
  const auto step = std::ranges::find_if(walk, [&](const v1::WalkStep& passed) { return passed.url() == url; });
  return step == walk.end() ? v1::WALK_REASON_NOT_REACHED : step->why();
}

std::vector<UnwellHost> UnwellHosts(const Tags& tags) {
  std::vector<UnwellHost> unwell;
  std::map<std::pair<std::string, v1::HostState>, std::size_t> known;
  for (const v1::TagReport* tag : tags) {
    for (const v1::HostReport& host : tag->hosts()) {
      if (!IsUnwell(host) || host.url() == tag->origin().url()) continue;
      const auto [entry, is_new] = known.try_emplace({host.url(), host.state()}, unwell.size());
      if (is_new) unwell.push_back({.example = &host, .walked = WalkedPast(*tag, host.url())});
      ++unwell[entry->second].tags;
    }
  }
  return unwell;
}

/// What it means for pulls.
std::string_view Consequence(const UnwellHost& host) {
  switch (host.walked) {
    case v1::WALK_REASON_NOT_CONCLUDED:
      return host.example->state() == v1::HOST_STATE_UNREACHABLE ? "every pull hangs there"
                                                                 : "what pulls bring from there is not known";
    case v1::WALK_REASON_DENIED:
      return "what the kubelet's credentials bring from there is not known";
    case v1::WALK_REASON_TRANSPORT:
    case v1::WALK_REASON_STATUS:
      return "every pull tries it and goes on to the next host";
    default:
      return "";
  }
}

std::string HostLine(const UnwellHost& host, std::size_t width) {
  const v1::HostReport& example = *host.example;
  const std::string_view consequence = Consequence(host);
  const std::string error =
      example.state() == v1::HOST_STATE_BROKEN ? "names digests that it does not have" : example.error();
  return Wrap(example.role() == v1::HOST_ROLE_MIRROR ? "mirror  " : "host    ",
              fmt::format("{}: {}: {}{}{}", example.url(), error, Counted(host.tags, "tag"),
                          consequence.empty() ? "" : ", ", consequence),
              width);
}

/// The walk ended at a host that has a line of its own.
bool EndsAtUnwellHost(const v1::TagReport& tag) {
  return std::ranges::any_of(tag.hosts(), [&](const v1::HostReport& host) {
    const v1::WalkReason why = WalkedPast(tag, host.url());
    return IsUnwell(host) && host.url() != tag.origin().url() &&
           (why == v1::WALK_REASON_NOT_CONCLUDED || why == v1::WALK_REASON_DENIED);
  });
}

}  // namespace

std::string UnwellHostsText(const Tags& tags, std::size_t width) {
  std::string text;
  for (const UnwellHost& host : UnwellHosts(tags)) text += HostLine(host, width);
  return text;
}

std::string UnknownPullsText(const Tags& tags, std::size_t width) {
  std::map<std::string, std::size_t> reasons;
  for (const v1::TagReport* tag : tags) {
    const v1::NextPull& pull = tag->next_pull();
    const bool unknown = pull.outcome() == v1::OUTCOME_UNDECIDED && !pull.detail().empty();
    if (unknown && !IsTrouble(*tag) && !EndsAtUnwellHost(*tag)) ++reasons[pull.detail()];
  }
  std::string text;
  for (const auto& [reason, count] : reasons) {
    text += Wrap("pull    ",
                 fmt::format("what the next pull brings is not known of {}: {}", Counted(count, "tag"), reason), width);
  }
  return text;
}

}  // namespace tagdrift::render
