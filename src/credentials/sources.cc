#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "credentials/daily_warnings.h"
#include "credentials/docker/auth_file.h"
#include "credentials/endpoint_auths.h"
#include "credentials/kubelet/providers.h"
#include "credentials/kubelet/pull_secrets.h"
#include "credentials/shown_key.h"
#include "credentials/source.h"
#include "tagdrift/credentials/credentials.h"
#include "tagdrift/text/text.h"

namespace tagdrift::credentials {
namespace {

constexpr std::size_t kMostCandidates = 2;

void Append(Candidates more, Candidates& candidates) {
  for (registry::Credential& credential : more) {
    if (candidates.size() == kMostCandidates) return;
    if (std::ranges::find(candidates, credential) == candidates.end()) candidates.push_back(std::move(credential));
  }
}

/// The host that is asked on behalf of a registry unless containerd is told otherwise.
std::string_view HostOf(std::string_view registry) {
  return registry == "docker.io" || registry == "index.docker.io" ? "registry-1.docker.io" : registry;
}

}  // namespace

class Sources::State {
 public:
  explicit State(const Options& options) : shared_(options.shared) {
    const auto helpers = std::make_shared<Helpers>(options);
    for (const std::string& path : options.auth_files) sources_.push_back(AuthFileSource(path, options, helpers));
    if (!options.pull_secrets.empty()) sources_.push_back(PullSecretsSource(options));
    if (!options.provider_config.empty()) sources_.push_back(ProvidersSource(options));
    auto endpoint_auths = std::make_unique<EndpointAuths>(options.warn);
    endpoint_auths_ = endpoint_auths.get();
    sources_.push_back(std::move(endpoint_auths));
  }

  absl::Status Load(const CallContext& context) const {
    for (const auto& source : sources_) {
      if (absl::Status status = source->Load(context); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void UseEndpointAuths(const std::map<std::string, hosts::EndpointAuth>& auths) { endpoint_auths_->Use(auths); }

  std::vector<std::string> Hosts(const CallContext& context) const {
    std::set<std::string> hosts;
    for (const auto& source : sources_) {
      for (const std::string& host : source->Hosts(context)) hosts.insert(ShownKey(host));
    }
    return {hosts.begin(), hosts.end()};
  }

  std::vector<std::string> Places(std::string_view host, std::string_view repository,
                                  const CallContext& context) const {
    std::vector<std::string> places;
    for (const std::string_view asked : AskedFor(host)) {
      const std::string shared = asked == host ? "" : fmt::format(", for {} (--share-credentials)", asked);
      for (const auto& source : sources_) {
        for (const std::string& place : source->Places(asked, repository, context)) places.push_back(place + shared);
      }
    }
    return places;
  }

  registry::CredentialAnswer Find(std::string_view host, std::string_view repository,
                                  const CallContext& context) const {
    Candidates candidates;
    absl::Status error;
    for (const std::string_view asked : AskedFor(host)) {
      const absl::Status status = Collect(asked, repository, context, candidates);
      if (absl::IsCancelled(status)) return {.error = text::MessageOf(status)};
      error.Update(status);
    }
    if (!candidates.empty()) return {.candidates = std::move(candidates)};
    return {.error = text::MessageOf(error)};
  }

 private:
  /// The hosts whose credentials `host` gets, its own first.
  std::vector<std::string_view> AskedFor(std::string_view host) const {
    std::vector<std::string_view> hosts = {host};
    for (const auto& [mirror, registry] : shared_) {
      if (mirror == host) hosts.push_back(HostOf(registry));
    }
    return hosts;
  }

  /// Asks sources until there are enough candidates: the next might have to run a program. Errors: of the first source
  /// that failed, or Cancelled.
  absl::Status Collect(std::string_view host, std::string_view repository, const CallContext& context,
                       Candidates& candidates) const {
    absl::Status error;
    for (const auto& source : sources_) {
      if (candidates.size() == kMostCandidates) break;
      absl::StatusOr<Candidates> found = source->Find(host, repository, context);
      if (absl::IsCancelled(found.status())) return found.status();
      error.Update(found.status());
      if (found.ok()) Append(*std::move(found), candidates);
    }
    return error;
  }

  std::vector<std::unique_ptr<Source>> sources_;
  EndpointAuths* endpoint_auths_;  ///< the last of `sources_`
  const std::vector<std::pair<std::string, std::string>> shared_;
};

absl::StatusOr<std::unique_ptr<Sources>> Sources::Make(Options options) {
  if (absl::Status status = CheckProviderOptions(options); !status.ok()) return status;
  options.warn = Daily(std::move(options.warn), options.clock);
  return std::unique_ptr<Sources>(new Sources(std::make_unique<State>(options)));
}

Sources::Sources(std::unique_ptr<State> state) : state_(std::move(state)) {}

Sources::~Sources() = default;

absl::Status Sources::Load(const CallContext& context) const { return state_->Load(context); }

void Sources::UseEndpointAuths(const std::map<std::string, hosts::EndpointAuth>& auths) {
  state_->UseEndpointAuths(auths);
}

std::vector<std::string> Sources::Hosts(const CallContext& context) const { return state_->Hosts(context); }

std::vector<std::string> Sources::Places(std::string_view host, std::string_view repository,
                                         const CallContext& context) const {
  return state_->Places(host, repository, context);
}

registry::CredentialAnswer Sources::Find(std::string_view host, std::string_view repository,
                                         const CallContext& context) const {
  return state_->Find(host, repository, context);
}

}  // namespace tagdrift::credentials
