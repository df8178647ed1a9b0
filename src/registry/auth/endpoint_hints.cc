#include "registry/auth/endpoint_hints.h"

#include <algorithm>

namespace tagdrift::registry {
namespace {

std::vector<std::string> SplitScopes(std::string_view text) {
  std::vector<std::string> scopes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) scopes.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return scopes;
}

constexpr std::string_view kRepository = "repository:";

/// "repository:hub/library/nginx:pull" for `from` library/nginx and `to` library/redis:
/// "repository:hub/library/redis:pull".
std::optional<std::string> Rename(const std::string& scope, std::string_view from, std::string_view to) {
  if (!scope.starts_with(kRepository)) return scope;
  const std::size_t actions = scope.rfind(':');
  if (actions < kRepository.size()) return std::nullopt;
  const std::string_view name = std::string_view(scope).substr(kRepository.size(), actions - kRepository.size());
  if (!name.ends_with(from)) return std::nullopt;
  const std::string_view prefix = name.substr(0, name.size() - from.size());
  if (!prefix.empty() && !prefix.ends_with('/')) return std::nullopt;
  return std::string(kRepository) + std::string(prefix) + std::string(to) + scope.substr(actions);
}

}  // namespace

std::vector<std::string> ChallengeLines(const HttpResponse& response) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : response.headers) {
    if (name == "www-authenticate") lines.push_back(value);
  }
  return lines;
}

void Learn(EndpointHints& hints, std::string_view repository, const HttpResponse& response) {
  if (response.status != 0) hints.address = response.address;
  if (response.status != 401) return;
  const std::vector<Challenge> challenges = ParseChallenges(ChallengeLines(response));
  const Challenge* chosen = ChooseChallenge(challenges);
  if (chosen == nullptr) return;
  hints.challenge = *chosen;
  hints.challenged_repository = repository;
}

std::optional<Challenge> Expected(const EndpointHints& hints, std::string_view repository) {
  if (!hints.challenge) return std::nullopt;
  Challenge challenge = *hints.challenge;
  challenge.parameters.erase("error");
  std::string renamed;
  for (const std::string& scope : SplitScopes(challenge.Parameter("scope"))) {
    const auto name = Rename(scope, hints.challenged_repository, repository);
    if (!name) return std::nullopt;
    renamed += (renamed.empty() ? "" : " ") + *name;
  }
  challenge.parameters["scope"] = renamed;
  return challenge;
}

std::vector<std::string> Scopes(std::string_view repository, const Challenge& challenge) {
  std::vector<std::string> scopes = SplitScopes(challenge.Parameter("scope"));
  scopes.push_back(std::string(kRepository) + std::string(repository) + ":pull");
  std::sort(scopes.begin(), scopes.end());
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
  return scopes;
}

}  // namespace tagdrift::registry
