#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tagdrift/credentials/process.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::credentials {

using Time = std::chrono::steady_clock::time_point;

/// For people, one line, no secrets. May be called from any thread that looks for credentials.
using Warn = std::function<void(const std::string&)>;

/// Where credentials are looked for, in this order.
struct Options {
  /// Docker `config.json`, containers `auth.json`, or a bare `.dockercfg` map. Keys match by whole path segments, the
  /// longest first; Docker Hub's names are one. For one host `credHelpers` comes before `credsStore`, and what a helper
  /// does not have is looked up in `auths`.
  std::vector<std::string> auth_files;
  /// Folders with mounted Kubernetes secrets: `.dockerconfigjson` or `.dockercfg` in the folder or in folders in it.
  /// All of them form one keyring with the kubelet's rules, as those of a pod do; helpers named in them are ignored.
  std::vector<std::string> pull_secrets;
  /// The kubelet's `--image-credential-provider-config` (file or directory) and `--image-credential-provider-bin-dir`.
  std::string provider_config;
  std::string provider_bin_dir;
  /// containerd's own, by endpoint host.
  std::map<std::string, hosts::EndpointAuth> endpoint_auths;

  /// These hosts (first) get the credentials of these registries (second) too, after their own.
  std::vector<std::pair<std::string, std::string>> shared;

  /// Of this process: helpers get a part of it, the kubelet's providers all of it.
  std::map<std::string, std::string> environment;
  Warn warn = [](const std::string&) {};
  std::shared_ptr<Process> process = SystemProcess();
  std::function<Time()> now = std::chrono::steady_clock::now;
  /// Ends programs that are under way.
  std::stop_token stop;
};

/// One source that asks all of them: their candidates in order, each once, at most two. What fails in one source counts
/// only when no other has a candidate. Files and folders are read again when they change, looked at once a second at
/// most; a file that has become unreadable keeps what it said before and is warned about once. An entry that cannot be
/// used is skipped, with a warning that names its key only. Credentials stay in memory.
/// Errors: what is named cannot be read or understood, with its name and what to do.
absl::StatusOr<std::unique_ptr<registry::CredentialSource>> Open(Options options);

}  // namespace tagdrift::credentials
