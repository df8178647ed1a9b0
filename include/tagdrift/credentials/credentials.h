#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tagdrift/call/call_context.h"
#include "tagdrift/call/clock.h"
#include "tagdrift/credentials/process.h"
#include "tagdrift/hosts/registry_config.h"
#include "tagdrift/registry/credentials.h"

namespace tagdrift::credentials {

/// For people, one line, no secrets. May be called from any thread that looks for credentials.
using Warn = std::function<void(const std::string&)>;

/// Where credentials are looked for, in this order; after them come containerd's own (Sources::UseEndpointAuths).
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

  /// These hosts (first) get the credentials of these registries (second) too, after their own.
  std::vector<std::pair<std::string, std::string>> shared;

  /// Of this process: helpers get a part of it, the kubelet's providers all of it.
  std::map<std::string, std::string> environment;
  Warn warn = [](const std::string&) {};
  std::shared_ptr<Process> process = SystemProcess();
  std::shared_ptr<const Clock> clock = SystemClock();
};

/// One source that asks all of them: their candidates in order, each once, at most two. What fails in one source counts
/// only when no other has a candidate. Files and folders are read again when they change, looked at once a second at
/// most; a file that has become unreadable keeps what it said before and is warned about. An entry that cannot be used
/// is skipped, with a warning that names its key only. The same warning is given once a day. Credentials stay in
/// memory, for as long as they hold, and in bounded number. Thread safe.
class Sources final : public registry::CredentialSource {
 public:
  /// Reads nothing. Errors: options that cannot be meant, with the option's name and what to do.
  static absl::StatusOr<std::unique_ptr<Sources>> Make(Options options);
  ~Sources() override;

  /// Reads what is named and has not been read yet. Errors: the first that cannot be read or understood, with its name
  /// and what to do; the next call tries again. Find does the same for itself where this has not been called.
  absl::Status Load(const CallContext& context) const;

  /// containerd's own credentials by endpoint host, from now on; nothing else is forgotten. One that cannot be used is
  /// warned about.
  void UseEndpointAuths(const std::map<std::string, hosts::EndpointAuth>& auths);

  /// The hosts, or patterns for them ("*.example.com"), for which files name credentials, sorted and each once. Docker
  /// Hub is "docker.io". No program is run, and what cannot be read is left out.
  std::vector<std::string> Hosts(const CallContext& context) const;

  /// Where there are credentials for this host and repository, or a program that may have some, in the order in which
  /// they are tried: "an entry in /root/.docker/config.json". Nothing secret; no program is run, and what cannot be
  /// read is left out.
  std::vector<std::string> Places(std::string_view host, std::string_view repository, const CallContext& context) const;

  /// When the context ends, so do the programs that are run for this call, and the answer is an error.
  registry::CredentialAnswer Find(std::string_view host, std::string_view repository,
                                  const CallContext& context) const override;

 private:
  class State;
  explicit Sources(std::unique_ptr<State> state);

  const std::unique_ptr<State> state_;
};

}  // namespace tagdrift::credentials
