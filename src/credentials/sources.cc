#include "credentials/sources.h"

#include <algorithm>
#include <iterator>

namespace tagdrift::credentials {
namespace {

constexpr std::size_t kMostCandidates = 2;

using registry::CredentialAnswer;

void Append(CredentialAnswer more, CredentialAnswer& answer) {
  for (registry::Credential& credential : more.candidates) {
    if (answer.candidates.size() == kMostCandidates) break;
    if (std::ranges::find(answer.candidates, credential) != answer.candidates.end()) continue;
    answer.candidates.push_back(std::move(credential));
  }
  if (answer.error.empty()) answer.error = std::move(more.error);
}

/// The host that is asked on behalf of a registry unless containerd is told otherwise.
std::string_view HostOf(std::string_view registry) {
  return registry == "docker.io" || registry == "index.docker.io" ? "registry-1.docker.io" : registry;
}

class AllSources : public registry::CredentialSource {
 public:
  AllSources(std::vector<SourcePtr> sources, std::vector<std::pair<std::string, std::string>> shared)
      : sources_(std::move(sources)), shared_(std::move(shared)) {}

  CredentialAnswer Find(std::string_view host, std::string_view repository) const override {
    CredentialAnswer answer;
    Collect(host, repository, answer);
    for (const auto& [mirror, registry] : shared_) {
      if (mirror == host) Collect(HostOf(registry), repository, answer);
    }
    if (!answer.candidates.empty()) answer.error.clear();
    return answer;
  }

 private:
  /// What cannot add a candidate any more is not asked: it may have to run a program.
  void Collect(std::string_view host, std::string_view repository, CredentialAnswer& answer) const {
    for (const SourcePtr& source : sources_) {
      if (answer.candidates.size() == kMostCandidates) return;
      Append(source->Find(host, repository), answer);
    }
  }

  const std::vector<SourcePtr> sources_;
  const std::vector<std::pair<std::string, std::string>> shared_;
};

}  // namespace

SourcePtr AskAll(std::vector<SourcePtr> sources, std::vector<std::pair<std::string, std::string>> shared) {
  return std::make_unique<AllSources>(std::move(sources), std::move(shared));
}

}  // namespace tagdrift::credentials
