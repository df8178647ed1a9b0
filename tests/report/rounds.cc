#include "rounds.h"

#include <utility>

namespace tagdrift::report {
namespace {

hosts::RegistryHost Host(const std::string& name, hosts::HostRole role) {
  hosts::RegistryHost host;
  host.scheme = "https";
  host.host = name;
  host.path = "/v2";
  host.role = role;
  host.capabilities = {hosts::Capability::kPull, hosts::Capability::kResolve};
  return host;
}

}  // namespace

judge::Route RouteOf(const std::string& registry, const std::string& mirror) {
  hosts::RegistryConfig config;
  config.registry = registry;
  config.directory = "/etc/containerd/certs.d/" + registry;
  config.hosts = {Host(mirror, hosts::HostRole::kMirror), Host(registry, hosts::HostRole::kDefault)};
  config.hosts[0].file = config.directory + "/hosts.toml";
  config.hosts[0].line = 3;
  return judge::MakeRoute(std::move(config), {2, 1, 9}, std::nullopt);
}

JudgedTag Tag(const std::string& reference, judge::Verdict verdict, judge::Cause cause) {
  JudgedTag tag{judge::TagFacts{.image = {.reference = *image::Reference::Parse(reference)}}, {}};
  tag.facts.image.target = image::Digest::OfBytes("cached");
  tag.result.verdict = verdict;
  tag.result.cause = cause;
  tag.result.origin_digest = image::Digest::OfBytes(verdict == judge::Verdict::kFresh ? "cached" : "origin");
  tag.result.next_pull.pull = {judge::Outcome::kFresh, tag.result.origin_digest, 1, ""};
  tag.result.hosts.resize(2);
  return tag;
}

JudgedTag Used(JudgedTag tag) {
  tag.facts.image.used_by.push_back(
      {.id = "c1", .name = "app", .pod_namespace = "prod", .pod_name = "app-1", .state = "running"});
  return tag;
}

JudgedTag FromMirror(JudgedTag tag, judge::Outcome outcome) {
  tag.result.next_pull.pull = {outcome, image::Digest::OfBytes("mirror"), 0, ""};
  tag.result.downgrade_risk = tag.result.verdict == judge::Verdict::kFresh && outcome == judge::Outcome::kStale;
  return tag;
}

Round RoundOf(std::vector<JudgedTag> tags) {
  Round round;
  round.node.name = "node-1";
  round.node.runtime = {.name = "containerd", .version = "2.1.9", .has_image_store = true};
  round.routes.emplace("registry.test", RouteOf("registry.test", "mirror.test"));
  round.tags = std::move(tags);
  return round;
}

}  // namespace tagdrift::report
