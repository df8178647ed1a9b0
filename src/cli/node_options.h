#pragma once

#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "credential_options.h"
#include "logging.h"
#include "politeness_options.h"
#include "tagdrift/hosts/containerd_version.h"

namespace tagdrift::cli {

/// Who is asked about the node's pods.
struct PodOptions {
  std::string from = "auto";  ///< auto, none, kubelet or api
  std::string kubeconfig;
  std::string kubelet;  ///< HOST[:PORT]
};

/// Options of every command that works on a node.
struct NodeOptions {
  std::string runtime_endpoint;  ///< empty: the default below `host_root`
  std::string host_root = "/";
  std::optional<std::string> containerd_config;
  std::optional<std::string> registry_config_path;
  std::optional<hosts::ContainerdVersion> containerd_version;
  std::optional<hosts::PullPath> image_pull;
  std::string state_dir;  ///< empty: nothing is kept
  CredentialOptions credentials;
  PolitenessOptions politeness;
  PodOptions pods;
  std::vector<std::string> origins;  ///< REGISTRY=URL
  absl::Duration timeout = absl::Minutes(2);
  bool verbose = false;
  LogFormat log_format = LogFormat::kText;
};

void AddNodeOptions(CLI::App& command, NodeOptions& options);

}  // namespace tagdrift::cli
