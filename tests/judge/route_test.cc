#include "tagdrift/judge/route.h"

#include <gtest/gtest.h>

namespace tagdrift::judge {
namespace {

hosts::RegistryHost Host(const std::string& name, hosts::HostRole role) {
  hosts::RegistryHost host;
  host.scheme = "https";
  host.host = name;
  host.path = "/v2";
  host.role = role;
  return host;
}

hosts::RegistryConfig Config(const std::string& registry, std::vector<hosts::RegistryHost> list) {
  hosts::RegistryConfig config;
  config.registry = registry;
  config.hosts = std::move(list);
  return config;
}

TEST(MakeRoute, TakesTheDefaultHostAsOrigin) {
  const Route route = MakeRoute(Config("docker.io", {Host("m", hosts::HostRole::kMirror),
                                                     Host("registry-1.docker.io", hosts::HostRole::kDefault)}),
                                {2, 1, 0}, std::nullopt);
  EXPECT_EQ(route.origin, 1U);
  EXPECT_EQ(route.origin_source, OriginSource::kDefault);
  EXPECT_FALSE(route.origin_is_other_host);
}

TEST(MakeRoute, SeesThatTheServerIsAnotherHost) {
  const Route route = MakeRoute(Config("quay.io", {Host("m", hosts::HostRole::kServer)}), {2, 1, 0}, std::nullopt);
  EXPECT_EQ(route.origin_source, OriginSource::kServer);
  EXPECT_TRUE(route.origin_is_other_host);
}

TEST(MakeRoute, AcceptsTheRegistryItselfAsServer) {
  for (const char* server : {"registry-1.docker.io", "docker.io"}) {
    const Route route =
        MakeRoute(Config("docker.io", {Host(server, hosts::HostRole::kServer)}), {2, 1, 0}, std::nullopt);
    EXPECT_FALSE(route.origin_is_other_host) << server;
  }
}

TEST(MakeRoute, PutsAConfiguredOriginBehindContainerdsHosts) {
  const Route route = MakeRoute(Config("quay.io", {Host("m", hosts::HostRole::kServer)}), {2, 1, 0},
                                Host("quay.io", hosts::HostRole::kConfigured));
  EXPECT_EQ(route.origin, 1U);
  EXPECT_EQ(route.hosts.size(), 2U);
  EXPECT_EQ(route.config.hosts.size(), 1U);
  EXPECT_EQ(route.origin_source, OriginSource::kConfigured);
  EXPECT_FALSE(route.origin_is_other_host);
}

TEST(MakeRoute, FindsAConfiguredOriginInContainerdsList) {
  const Route route =
      MakeRoute(Config("quay.io", {Host("m", hosts::HostRole::kMirror), Host("quay.io", hosts::HostRole::kDefault)}),
                {2, 1, 0}, Host("m", hosts::HostRole::kConfigured));
  EXPECT_EQ(route.origin, 0U);
  EXPECT_EQ(route.hosts.size(), 2U);
}

TEST(MakeRoute, AsksAHostThatIsListedTwiceOnce) {
  const Route route =
      MakeRoute(Config("quay.io", {Host("a", hosts::HostRole::kMirror), Host("b", hosts::HostRole::kMirror),
                                   Host("a", hosts::HostRole::kMirror), Host("quay.io", hosts::HostRole::kDefault)}),
                {2, 1, 0}, std::nullopt);
  EXPECT_EQ(route.same_requests_as, (std::vector<std::size_t>{0, 1, 0, 3}));
}

TEST(MakeRoute, HasNoOriginWithoutHosts) {
  hosts::RegistryConfig config = Config("quay.io", {});
  config.error = "unable to load CA cert";
  EXPECT_EQ(MakeRoute(config, {2, 1, 0}, std::nullopt).origin, std::nullopt);
}

TEST(IgnoredConfiguration, IsTheFirstFindingThatLeavesAMirrorUnused) {
  hosts::RegistryConfig config = Config("quay.io", {});
  config.notes = {{hosts::NoteKind::kUnknownKey, "/a", 1, ""}, {hosts::NoteKind::kUnknownCapability, "/b", 2, ""}};
  EXPECT_EQ(IgnoredConfiguration(config), &config.notes[1]);
  config.notes.pop_back();
  EXPECT_EQ(IgnoredConfiguration(config), nullptr);
}

TEST(IsPublicRegistry, KnowsWellKnownHostsOnly) {
  for (const char* registry : {"docker.io", "ghcr.io", "eu.gcr.io", "europe-docker.pkg.dev", "public.ecr.aws"}) {
    EXPECT_TRUE(IsPublicRegistry(registry)) << registry;
  }
  for (const char* registry : {"registry.corp", "docker.io.evil.test", "notgcr.io", "docker.io:443", ""}) {
    EXPECT_FALSE(IsPublicRegistry(registry)) << registry;
  }
}

}  // namespace
}  // namespace tagdrift::judge
