#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "credentials/docker/config.h"

namespace tagdrift::credentials {

/// `cacheKeyType`: which images a provider's answer is valid for.
enum class CacheKey { kImage, kRegistry, kGlobal };

struct ProviderResponse {
  CacheKey cache_key = CacheKey::kImage;
  std::optional<absl::Duration> cache_duration;
  std::vector<Entry> entries;  ///< in the answer's order
};

/// The CredentialProviderRequest for `image` ("host/path").
std::string ProviderRequest(std::string_view image, const std::string& api_version);

/// Reads a provider's answer as strictly as the kubelet does. Errors: what is wrong, never a value of `auth`.
absl::StatusOr<ProviderResponse> ParseProviderResponse(std::string_view text, const std::string& api_version);

}  // namespace tagdrift::credentials
