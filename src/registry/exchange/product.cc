#include "registry/exchange/product.h"

#include <algorithm>
#include <string_view>

namespace tagdrift::registry {
namespace {

using hosts::Product;

bool HasHeader(const HttpResponse& response, std::string_view prefix) {
  return std::ranges::any_of(response.headers, [&](const auto& header) { return header.first.starts_with(prefix); });
}

Product ByChallenge(const Challenge& challenge) {
  const std::string realm = challenge.Parameter("realm");
  if (challenge.Parameter("service") == "harbor-registry") return Product::kHarbor;
  if (realm == "Sonatype Nexus Repository Manager") return Product::kNexus;
  if (realm == "Artifactory Realm") return Product::kArtifactory;
  return Product::kUnknown;
}

}  // namespace

Product ProductOf(const HttpResponse& response, const std::optional<Challenge>& challenge) {
  const std::string* server = response.Header("server");
  if (server != nullptr && server->starts_with("Nexus/")) return Product::kNexus;
  if (HasHeader(response, "x-jfrog-") || HasHeader(response, "x-artifactory-")) return Product::kArtifactory;
  if (HasHeader(response, "x-harbor-")) return Product::kHarbor;
  const Product by_challenge = challenge ? ByChallenge(*challenge) : Product::kUnknown;
  if (by_challenge != Product::kUnknown) return by_challenge;
  if (HasHeader(response, "oci-namespace")) return Product::kSpegel;
  if (HasHeader(response, "docker-distribution-api-version")) return Product::kDistribution;
  return Product::kUnknown;
}

}  // namespace tagdrift::registry
