#include <set>
#include <utility>
#include <vector>

#include "cached_image.h"
#include "enums.h"
#include "messages.h"
#include "prose.h"

namespace tagdrift::report {
namespace {

std::string Url(const judge::Route& route, const std::optional<std::size_t>& host) {
  return host ? route.hosts[*host]->Url() : "";
}

std::string Text(const std::optional<image::Digest>& digest) { return digest ? digest->text() : ""; }

/// Every host in containerd's order: those passed, then those the walk did not reach.
void AddWalk(const judge::Forecast& forecast, const judge::TagResult& result, const judge::Route& route,
             v1::NextPull& message) {
  std::size_t reached = 0;
  for (const hosts::WalkStep& step : forecast.walk) {
    v1::WalkStep& out = *message.add_walk();
    out.set_url(route.hosts[step.host]->Url());
    out.set_why(ToProto(step.why));
    const auto& answer = result.hosts[step.host].answer;
    if (answer && step.why != hosts::WalkReason::kNoCapability) out.set_answer(AnswerText(*answer));
    reached = step.host + 1;
  }
  for (std::size_t host = reached; host < route.config.hosts.size(); ++host) {
    v1::WalkStep& out = *message.add_walk();
    out.set_url(route.hosts[host]->Url());
    out.set_why(v1::WALK_REASON_NOT_REACHED);
  }
}

v1::NextPull NextPullMessage(const judge::TagResult& result, const judge::Route& route) {
  v1::NextPull message;
  const judge::Forecast& forecast = result.next_pull;
  message.set_outcome(ToProto(forecast.pull.outcome));
  message.set_digest(Text(forecast.pull.digest));
  message.set_host(Url(route, forecast.pull.host));
  message.set_detail(forecast.pull.detail);
  message.set_credentials(ToProto(forecast.credentials));
  AddWalk(forecast, result, route, message);
  if (forecast.if_anonymous) {
    v1::IfAnonymous& anonymous = *message.mutable_if_anonymous();
    anonymous.set_outcome(ToProto(forecast.if_anonymous->outcome));
    anonymous.set_digest(Text(forecast.if_anonymous->digest));
    anonymous.set_host(Url(route, forecast.if_anonymous->host));
  }
  return message;
}

v1::HostReport HostMessage(const judge::HostResult& result, const hosts::RegistryHost& host) {
  v1::HostReport message;
  message.set_url(host.Url());
  message.set_role(ToProto(host.role));
  message.set_state(ToProto(result.state));
  message.set_digest(Text(result.digest));
  if (!result.answer) return message;
  // Without an answer nothing was asked for.
  const bool answered = result.answer->status != 0 || result.answer->access == hosts::Access::kDenied;
  if (answered) message.set_access(ToProto(result.answer->access));
  if (!result.digest) message.set_error(AnswerText(*result.answer));
  // Where the time given was up before anything came, none was measured.
  const bool measured = result.answer->failure != hosts::Failure::kDeadline;
  if (measured) *message.mutable_latency() = Duration(result.answer->latency);
  *message.mutable_checked_at() = Timestamp(result.answer->asked_at);
  if (result.first_answer) {
    v1::FirstAnswer& first = *message.mutable_first_answer();
    first.set_error(AnswerText(*result.first_answer));
    if (result.first_answer->digest_header) first.set_digest(*result.first_answer->digest_header);
    *first.mutable_checked_at() = Timestamp(result.first_answer->asked_at);
  }
  return message;
}

/// Of what the tag points to, of what a pull would bring and of what the hosts have, each once.
void AddImages(const JudgedTag& tag, const image::Platform& platform, v1::TagReport& message) {
  std::vector<std::optional<image::Digest>> digests = {tag.facts.image.target, tag.result.next_pull.pull.digest,
                                                       tag.result.origin_digest};
  for (const judge::HostResult& host : tag.result.hosts) digests.push_back(host.digest);
  std::set<image::Digest> known;
  for (const std::optional<image::Digest>& digest : digests) {
    if (digest && known.insert(*digest).second) *message.add_images() = ImageMessage(*digest, tag.facts, platform);
  }
}

v1::Age AgeMessage(const judge::Age& age) {
  v1::Age message;
  if (age.cached_created) *message.mutable_cached_created() = Timestamp(*age.cached_created);
  if (age.origin_created) *message.mutable_origin_created() = Timestamp(*age.origin_created);
  message.set_direction(ToProto(age.direction));
  return message;
}

}  // namespace

v1::Use UseMessage(const facts::ContainerUse& use, const std::string& image_id) {
  v1::Use message;
  message.set_container_id(use.id);
  message.set_container_name(use.name);
  message.mutable_pod()->set_namespace_(use.pod_namespace);
  message.mutable_pod()->set_name(use.pod_name);
  message.mutable_pod()->set_uid(use.pod_uid);
  message.set_state(use.state);
  message.set_basis(ToProto(use.basis));
  // Some runtimes leave the algorithm out.
  message.set_runs_other_image(!use.image_id.empty() && !image_id.empty() && !use.image_id.ends_with(image_id));
  message.set_listed_only(!use.decides);
  return message;
}

v1::TagReport TagMessage(const JudgedTag& tag, const Round& round, const Invocation& invocation) {
  const judge::Route& route = RouteOf(tag, round);
  v1::TagReport message;
  const judge::TagResult& result = tag.result;
  SetCachedImage(tag.facts.image, message);
  message.set_verdict(ToProto(result.verdict));
  message.set_cause(ToProto(result.cause));
  message.set_detail(Detail(tag, route));
  message.set_origin_digest(Text(result.origin_digest));
  AddImages(tag, round.node.platform, message);
  message.set_not_cached(!tag.facts.image.IsCached());
  if (message.not_cached())
    message.mutable_similar_names()->Assign(round.similar_names.begin(), round.similar_names.end());
  if (result.verdict == judge::Verdict::kImmutable) return message;

  if (route.origin) {
    message.mutable_origin()->set_url(route.hosts[*route.origin]->Url());
    message.mutable_origin()->set_source(ToProto(route.origin_source));
  }
  *message.mutable_next_pull() = NextPullMessage(result, route);
  for (std::size_t i = 0; i < result.hosts.size(); ++i) {
    v1::HostReport& host = *message.add_hosts();
    host = HostMessage(result.hosts[i], *route.hosts[i]);
    if (i >= tag.credential_sources.size()) continue;
    host.mutable_credential_sources()->Assign(tag.credential_sources[i].begin(), tag.credential_sources[i].end());
  }
  message.set_downgrade_risk(result.downgrade_risk);
  *message.mutable_age() = AgeMessage(result.age);
  if (result.first_seen) *message.mutable_first_seen() = Timestamp(*result.first_seen);
  for (const judge::Remedy& remedy : result.remedies) {
    *message.add_remedies() = RemedyMessage(remedy, tag, round, invocation);
  }
  return message;
}

}  // namespace tagdrift::report
