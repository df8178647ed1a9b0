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

image::Digest OldId() { return image::Digest::OfBytes("old config"); }
image::Digest NewId() { return image::Digest::OfBytes("new config"); }

Round OldPod() {
  JudgedTag tag = Tag("registry.test/b:1", judge::Verdict::kFresh);
  tag.facts.image.cri_image_id = NewId().text();
  tag.facts.image.updated_at = absl::FromUnixSeconds(1'700'000'000);
  tag.facts.image.used_by = {{.id = "c1", .state = "running", .image_id = OldId().text()}};
  tag.result.cached_image_id = tag.result.origin_image_id = NewId();
  Round round = RoundOf({tag});
  round.node.containers = {{.id = "c1",
                            .name = "app",
                            .sandbox_id = "s1",
                            .pod_namespace = "shop",
                            .pod_name = "web-0",
                            .pod_uid = "uid",
                            .state = "running"}};
  judge::ContainerResult container;
  container.request = {.source = judge::RequestSource::kRuntime,
                       .references = {*image::Reference::Parse("registry.test/b:1")},
                       .image_id = OldId().text(),
                       .decides = true};
  container.verdict = judge::Verdict::kStale;
  container.cause = judge::Cause::kTagMoved;
  container.restart = {.outcome = judge::Outcome::kFresh, .digest = tag.facts.image.target, .image_id = NewId()};
  container.remedies.resize(2);
  container.remedies[0].kind = judge::RemedyKind::kRestartWorkload;
  container.remedies[1].kind = judge::RemedyKind::kPinDigest;
  round.containers = {container};
  return round;
}

void ManageBy(const std::string& api_version, const std::string& kind, Round& round) {
  facts::Pod pod{.namespace_name = "shop", .name = "web-0", .uid = "uid"};
  pod.containers = {{.name = "app", .image = "registry.test/b:1"}};
  if (!kind.empty()) pod.workload = facts::Controller{api_version, kind, "web"};
  round.node.pods.pods = {pod};
  round.containers[0].request.pod = 0;
  round.containers[0].request.spec = 0;
}

}  // namespace tagdrift::report
