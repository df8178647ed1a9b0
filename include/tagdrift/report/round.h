#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tagdrift/facts/node_facts.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/judge/containers.h"
#include "tagdrift/judge/plan.h"
#include "tagdrift/judge/route.h"
#include "tagdrift/judge/tag_facts.h"
#include "tagdrift/judge/tag_result.h"

namespace tagdrift::report {

struct JudgedTag {
  judge::TagFacts facts;
  judge::TagResult result;
  /// When registries were asked about it; not by the round itself where that took an earlier one's answers over.
  absl::Time asked_at = absl::InfinitePast();
  /// Of each host of the route, where there are credentials for it and this repository, in words. Empty: not looked
  /// for.
  std::vector<std::vector<std::string>> credential_sources = {};
  /// What a refresh would bring. Nothing: not looked for.
  std::optional<judge::WantedImage> wanted = {};
};

struct PodName {
  std::string namespace_name;
  std::string name;

  friend bool operator==(const PodName&, const PodName&) = default;
};

/// All that one round found and judged.
struct Round {
  facts::Node node;  ///< with all of its images, as they were read first
  hosts::RegistrySettings settings;
  absl::Time checked_at;
  judge::Context rules;                        ///< by which all tags were judged
  std::map<std::string, judge::Route> routes;  ///< by registry
  std::vector<JudgedTag> tags;                 ///< those selected, sorted by canonical reference
  /// Names that were judged only because a container may have asked for them: not cached, or not selected.
  std::vector<JudgedTag> asked_for;
  std::vector<judge::ContainerResult> containers;  ///< of those selected, in the order of the node's
  std::size_t tags_on_node = 0;                    ///< also those that were not selected
  /// Hosts for which files that the operator named hold credentials, sorted; helpers and plugins are not asked.
  std::vector<std::string> credential_hosts;
  /// Set where the round is about the containers of this pod only.
  std::optional<PodName> pod = {};
  /// Names of this node that may have been meant by one that it does not have.
  std::vector<std::string> similar_names = {};
  std::string sandbox_image = {};  ///< canonical reference; empty where it is not known
  /// Set where what plans need was looked for too: this, and each tag's `wanted` where an action makes sense.
  std::optional<judge::Disk> disk = {};
};

/// Judges a tag of `round` by its facts.
void JudgeTag(const Round& round, JudgedTag& tag);

/// Judges `requests`, which were made from the round's node, by its tags.
void JudgeContainers(const std::vector<judge::ContainerRequest>& requests, Round& round);

}  // namespace tagdrift::report
