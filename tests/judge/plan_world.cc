#include "plan_world.h"

namespace tagdrift::judge {
namespace {

std::string Name(StepKind kind) {
  switch (kind) {
    case StepKind::kPull:
      return "PULL";
    case StepKind::kHold:
      return "HOLD";
    case StepKind::kRepoint:
      return "REPOINT";
    case StepKind::kVerify:
      return "VERIFY";
    case StepKind::kDeleteName:
      return "DELETE_NAME";
    case StepKind::kRemoveImage:
      return "REMOVE_IMAGE";
  }
  return "";
}

std::string Name(RefusalKind kind) {
  static constexpr const char* kNames[] = {"NO_IMAGE_STORE",
                                           "BY_DIGEST",
                                           "NOT_CACHED",
                                           "LOCAL",
                                           "GONE",
                                           "ORIGIN_UNKNOWN",
                                           "GOING_BACK",
                                           "WRONG_PLATFORM",
                                           "NOT_DELIVERABLE",
                                           "PRIVATE_IMAGE",
                                           "DISK_TOO_FULL",
                                           "IN_USE",
                                           "PINNED",
                                           "SANDBOX_IMAGE",
                                           "PROTECTED",
                                           "PULL_NOT_PROVEN",
                                           "BUSY",
                                           "NO_SUCH_DIGEST",
                                           "NOT_OF_REPOSITORY",
                                           "NO_AUDIT"};
  return kNames[static_cast<std::size_t>(kind)];
}

hosts::RegistryHost Host(const std::string& name) {
  hosts::RegistryHost host;
  host.scheme = "https";
  host.host = name;
  host.path = "/v2";
  host.capabilities = {hosts::Capability::kPull, hosts::Capability::kResolve};
  return host;
}

hosts::Answer Status(int status) {
  hosts::Answer answer;
  answer.status = status;
  return answer;
}

}  // namespace

PlanWorld::PlanWorld() : facts{.reference = *image::Reference::Parse("registry.test/team/app:v1")} {
  hosts::RegistryConfig config;
  config.registry = "registry.test";
  config.hosts = {Host("mirror.test"), Host("registry.test")};
  route = MakeRoute(std::move(config), {2, 1, 9}, std::nullopt);
  facts.route = &route;
  facts.platform = {.os = "linux", .architecture = "amd64"};

  facts::CachedImage cached{.reference = facts.reference};
  cached.target = old_digest;
  cached.stored = facts::StoredImage{.id = image::Digest::OfBytes("old config")};
  cached.cri_image_id = cached.stored->id->text();
  cached.size_bytes = 5000;
  facts.cached = cached;

  facts.result.verdict = Verdict::kStale;
  facts.result.cause = Cause::kTagMoved;
  facts.result.origin_digest = new_digest;
  facts.result.age.direction = Direction::kOlder;
  facts.result.next_pull.pull = {.outcome = Outcome::kFresh, .digest = new_digest, .host = 1, .detail = ""};

  WantedImage wanted{.digest = new_digest};
  wanted.media_type = image::kOciManifest;
  wanted.size = 700;
  wanted.manifest = new_digest;
  wanted.config = image::Digest::OfBytes("new config");
  wanted.platform = facts.platform;
  wanted.incomplete = "a layer is not here";
  wanted.bytes_to_come = 1000;
  wanted.layer_bytes = 900;
  wanted.is_of_repository = true;
  wanted.deliveries = {{.host = 0, .has_it = false, .answer = Status(404)},
                       {.host = 1, .has_it = true, .answer = Status(200)}};
  facts.wanted = wanted;
  facts.known_digests = {old_digest, new_digest};
  facts.disk = {.path = "/images", .capacity = 100'000, .available = 50'000, .unknown = ""};
}

void PlanWorld::Fresh() {
  facts.cached->target = new_digest;
  facts.result.verdict = Verdict::kFresh;
  facts.result.cause = Cause::kNone;
  Complete();
}

void PlanWorld::Complete() {
  facts.wanted->incomplete.clear();
  facts.wanted->bytes_to_come = 0;
  facts.wanted->layer_bytes = 0;
  facts.wanted->deliveries.clear();
}

facts::ContainerUse PlanWorld::User(facts::UseBasis basis) const {
  return {.id = "c1", .name = "app", .pod_namespace = "prod", .pod_name = "app-1", .state = "exited", .basis = basis};
}

std::string Describe(const Plan& plan) {
  std::string text = plan.nothing_to_do ? "nothing" : "";
  if (plan.Refused()) text += "refused";
  for (const Refusal& refusal : plan.refusals) text += " " + Name(refusal.kind);
  for (const Step& step : plan.steps) text += (text.empty() ? "" : " ") + Name(step.kind);
  return text;
}

}  // namespace tagdrift::judge
