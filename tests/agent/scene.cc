#include "scene.h"

#include <gtest/gtest.h>

#include <utility>

namespace tagdrift::agent {
namespace {

constexpr char kRegistry[] = "registry.test";

}  // namespace

Scene::Scene(const registry::Politeness& politeness, absl::Duration request_timeout, const std::string& state_dir,
             std::shared_ptr<const Clock> clock) {
  WriteHosts("server = \"" + registry.Url() + "\"\n");
  Options options;
  options.host_root = root.path();
  options.overrides.registry_config_path = "/etc/containerd/certs.d";
  // Before 1.7.32 a file without a [host] table is ignored.
  options.overrides.version = hosts::ContainerdVersion{2, 1, 0};
  options.registry.user_agent = "tagdrift/test";
  options.registry.politeness = politeness;
  options.registry.request_timeout = request_timeout;
  options.state_dir = state_dir;
  options.clock = std::move(clock);
  auto made = Agent::Make(std::move(options), std::move(node.clients));
  EXPECT_TRUE(made.ok()) << made.status();
  agent = *std::move(made);
}

void Scene::UseMirror() {
  WriteHosts("server = \"" + registry.Url() + "\"\n[host.\"" + mirror.Url() +
             "\"]\ncapabilities = [\"pull\", \"resolve\"]\n");
}

void Scene::Cache(const std::string& name, const SampleImage& image) {
  node.AddImage(image, name.substr(0, name.rfind(':')));
  node.SetName(name, image.digest());
}

report::Round Scene::Check(const CallContext& context, const CheckOptions& options) {
  auto round = agent->Check(options, context);
  EXPECT_TRUE(round.ok()) << round.status();
  return round.ok() ? *std::move(round) : report::Round();
}

report::ActionResult Scene::Act(const ActionRequest& request, const CallContext& context) {
  return agent->Act(request, {}, context);
}

std::string NameOf(const std::string& repository_and_tag) { return std::string(kRegistry) + "/" + repository_and_tag; }

judge::TagResult ResultOf(const report::Round& round, const std::string& repository_and_tag) {
  for (const report::JudgedTag& tag : round.tags) {
    if (tag.facts.image.reference.Canonical() == NameOf(repository_and_tag)) return tag.result;
  }
  ADD_FAILURE() << repository_and_tag << " is not in the round";
  return {};
}

}  // namespace tagdrift::agent
