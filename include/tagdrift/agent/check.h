#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tagdrift/agent/kept_round.h"
#include "tagdrift/agent/selection.h"
#include "tagdrift/agent/subject.h"
#include "tagdrift/hosts/registry_host.h"
#include "tagdrift/image/reference.h"
#include "tagdrift/registry/client.h"

namespace tagdrift::agent {

/// Called from the round's own thread after each tag that is settled.
using Progress = std::function<void(std::size_t done, std::size_t total)>;

/// Called from the round's own thread whenever a registry host (host:port) is asked or has answered: how many questions
/// it has not answered yet.
using Waiting = std::function<void(const std::string& host, std::size_t open)>;

/// Earlier rounds of the same agent. What has not changed since is judged by their answers, without asking again: a tag
/// whose record on the node and whose registry's hosts are as they were. Its content is not read again either.
struct Reuse {
  std::vector<std::shared_ptr<const KeptRound>> rounds = {};  ///< the newest answer counts
  absl::Duration in_use = absl::ZeroDuration();               ///< how old answers may be of tags that a container uses
  absl::Duration unused = absl::ZeroDuration();               ///< and of all others
  std::vector<NamePattern> anew = {};                         ///< names that are asked about whatever was answered
};

/// What one round looks at and whom it may ask.
struct CheckOptions {
  Selection selection = {};
  /// Instead of a selection: names to ask about that this node does not have.
  std::vector<image::Reference> uncached = {};
  /// Instead of a selection: what is to be explained.
  std::optional<Subject> subject = {};
  bool cached_only = false;  ///< a name that the node does not have is not explained by asking its registry
  bool with_containers = true;
  bool all_hosts = false;
  bool ask_local = false;
  bool with_plans = false;  ///< also look for what PlanOf needs
  /// The operator's origins, by registry.
  std::map<std::string, hosts::RegistryHost> origins = {};
  registry::RateClass rate_class = registry::RateClass::kInteractive;
  Reuse reuse = {};
  Progress progress = [](std::size_t, std::size_t) {};
  Waiting waiting = [](const std::string&, std::size_t) {};
};

}  // namespace tagdrift::agent
