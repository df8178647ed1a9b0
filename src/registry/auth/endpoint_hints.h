#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/auth/challenge.h"
#include "registry/http/http_message.h"

namespace tagdrift::registry {

/// What earlier requests showed about an endpoint, so that later ones can do without the detour.
struct EndpointHints {
  /// Speaks plain http on the https port (http fallback).
  bool plain_http = false;
  /// The challenge to expect, and the repository it was met with.
  std::optional<Challenge> challenge;
  std::string challenged_repository;
  /// Where it answered from last; kName: not known, as where a proxy stands between.
  AddressKind address = AddressKind::kName;
};

/// Notes the address of `response` to a request about `repository`, and the challenge in it.
void Learn(EndpointHints& hints, std::string_view repository, const HttpResponse& response);

/// The challenge to expect for `repository`: where the remembered one names its repository
/// ("repository:hub/library/nginx:pull" for library/nginx), the name is replaced. Nothing when the remembered scope
/// names something that is not understood.
std::optional<Challenge> Expected(const EndpointHints& hints, std::string_view repository);

/// Scopes to ask for: the repository's own and the challenge's, sorted, without duplicates (containerd's set).
std::vector<std::string> Scopes(std::string_view repository, const Challenge& challenge);

/// All values of WWW-Authenticate.
std::vector<std::string> ChallengeLines(const HttpResponse& response);

}  // namespace tagdrift::registry
