#include "credentials/kubelet/provider_response.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "credentials/json.h"

namespace tagdrift::credentials {
namespace {

using Json = nlohmann::json;

absl::Status Bad(const std::string& what) { return absl::InvalidArgumentError("its answer " + what); }

bool HasOnly(const Json& object, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(known, name) == known.end()) return false;
  }
  return true;
}

std::optional<CacheKey> ReadCacheKey(const std::string& text) {
  if (text == "Image") return CacheKey::kImage;
  if (text == "Registry") return CacheKey::kRegistry;
  if (text == "Global") return CacheKey::kGlobal;
  return std::nullopt;
}

absl::Status ReadAuth(const Json& auth, const std::vector<std::string>& order, ProviderResponse& response) {
  if (!auth.is_object()) return Bad("has an 'auth' that is no object");
  std::set<std::string> seen;
  for (const std::string& key : order) {
    const auto found = auth.find(key);
    if (found == auth.end() || !seen.insert(key).second) continue;
    if (!found->is_object() || !HasOnly(*found, {"username", "password"})) {
      return Bad("has an entry in 'auth' that is more or less than username and password");
    }
    registry::Credential credential{.username = TextMember(*found, "username"),
                                    .password = TextMember(*found, "password")};
    if (credential != registry::Credential()) response.entries.push_back({key, std::move(credential)});
  }
  return absl::OkStatus();
}

}  // namespace

std::string ProviderRequest(std::string_view image, const std::string& api_version) {
  const Json request = {{"kind", "CredentialProviderRequest"}, {"apiVersion", api_version}, {"image", image}};
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<ProviderResponse> ParseProviderResponse(std::string_view text, const std::string& api_version) {
  std::string section;
  std::vector<std::string> order;
  const Json json = ParseJson(text, [&](int depth, const std::string& key) {
    if (depth == 1) section = key;
    if (depth == 2 && section == "auth") order.push_back(key);
  });
  if (!json.is_object()) return Bad("is no JSON object");
  if (TextMember(json, "kind") != "CredentialProviderResponse") return Bad("is no CredentialProviderResponse");
  if (TextMember(json, "apiVersion") != api_version) return Bad("has another apiVersion than " + api_version);
  if (!HasOnly(json, {"kind", "apiVersion", "cacheKeyType", "cacheDuration", "auth"})) {
    return Bad("has an unknown field");
  }
  ProviderResponse response;
  const std::optional<CacheKey> cache_key = ReadCacheKey(TextMember(json, "cacheKeyType"));
  if (!cache_key) return Bad("has a 'cacheKeyType' other than Image, Registry and Global");
  response.cache_key = *cache_key;
  if (const auto duration = json.find("cacheDuration"); duration != json.end() && !duration->is_null()) {
    response.cache_duration.emplace();
    if (!duration->is_string() || !absl::ParseDuration(duration->get<std::string>(), &*response.cache_duration)) {
      return Bad("has a 'cacheDuration' that is no duration");
    }
  }
  if (const auto auth = json.find("auth"); auth != json.end() && !auth->is_null()) {
    if (absl::Status status = ReadAuth(*auth, order, response); !status.ok()) return status;
  }
  return response;
}

}  // namespace tagdrift::credentials
