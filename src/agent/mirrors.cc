#include "tagdrift/agent/mirrors.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "tagdrift/image/reference.h"
#include "tagdrift/text/userinfo.h"

namespace tagdrift::agent {
namespace {

/// All that are cached or configured, and one for what is configured for all others.
std::set<std::string> KnownRegistries(RegistryConfiguration& configuration) {
  hosts::ConfiguredNames found = hosts::ConfiguredRegistries(*configuration.tree, configuration.settings);
  std::set<std::string> registries = configuration.cached_registries;
  std::ranges::move(found.registries, std::inserter(registries, registries.end()));
  std::ranges::move(found.notes, std::back_inserter(configuration.settings.notes));
  constexpr const char* kExamples[] = {"docker.io", "quay.io", "registry.k8s.io", "ghcr.io"};
  const auto example = std::ranges::find_if(kExamples, [&](const char* name) { return !registries.contains(name); });
  if (found.for_all && example != std::end(kExamples)) registries.insert(*example);
  return registries;
}

hosts::RegistryConfig Load(const RegistryConfiguration& configuration, const std::string& registry) {
  const hosts::RegistrySettings& settings = configuration.settings;
  hosts::RegistryConfig config = hosts::LoadRegistryConfig(*configuration.tree, settings, registry);
  // The hosts are shown all the same: those of the next start.
  if (settings.restart_pending && !config.error) config.unknown = settings.restart_pending;
  for (hosts::RegistryHost& host : config.hosts) {
    host.ca.clear();
    host.clients.clear();
  }
  return config;
}

}  // namespace

absl::Status CheckRegistry(const std::string& text) {
  if (image::IsRegistry(text) && text != "index.docker.io") return absl::OkStatus();
  const std::size_t scheme_end = text.find("://");
  const std::string name = scheme_end == std::string::npos ? text : text.substr(scheme_end + 3);
  const auto reference = image::Reference::Parse(image::IsRegistry(name) ? name + "/x" : name);
  std::string problem =
      fmt::format("'{}' is no registry; write its host as references have it", text::WithoutUserinfo(text));
  if (reference.ok()) {
    problem = fmt::format("'{}' is no registry; did you mean {}?", text::WithoutUserinfo(text), reference->registry());
  }
  return absl::InvalidArgumentError(problem + " (see tagdrift mirrors --help)");
}

std::vector<hosts::RegistryConfig> RegistriesOf(RegistryConfiguration& configuration,
                                                std::set<std::string> registries) {
  if (registries.empty()) registries = KnownRegistries(configuration);
  std::vector<hosts::RegistryConfig> configs;
  configs.reserve(registries.size());
  for (const std::string& registry : registries) configs.push_back(Load(configuration, registry));
  return configs;
}

}  // namespace tagdrift::agent
