#include "credentials/docker/config.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "credentials/docker/auth_entry.h"
#include "credentials/json.h"
#include "credentials/shown_key.h"
#include "tagdrift/text/text.h"

namespace tagdrift::credentials {
namespace {

using Json = nlohmann::json;

/// The keys of the outermost object and of its `auths`, each once, in the file's order: which of two with the
/// same plain form is tried first depends on it.
class KeyOrder {
 public:
  void Add(int depth, const std::string& key) {
    if (depth == 1) section_ = key;
    if (depth == 1) Put(top_, key);
    if (depth == 2 && section_ == "auths") Put(auths_, key);
  }
  const std::vector<std::string>& top() const { return top_.keys; }
  const std::vector<std::string>& auths() const { return auths_.keys; }

 private:
  struct Keys {
    std::vector<std::string> keys;
    std::set<std::string> seen;
  };
  static void Put(Keys& keys, const std::string& key) {
    if (keys.seen.insert(key).second) keys.keys.push_back(key);
  }

  std::string section_;
  Keys top_;
  Keys auths_;
};

bool LooksLikeBareMap(const Json& json) {
  for (const char* section : {"auths", "credHelpers", "credsStore"}) {
    if (json.contains(section)) return false;
  }
  for (const Json& member : json) {
    if (member.is_object() && (member.contains("auth") || member.contains("username"))) return true;
  }
  return false;
}

void ReadEntries(const Json& map, const std::vector<std::string>& order, Reader reader, DockerConfig& config) {
  for (const std::string& key : order) {
    const auto found = map.find(key);
    if (found == map.end()) continue;
    absl::StatusOr<std::optional<registry::Credential>> credential = ReadAuthEntry(*found, reader);
    if (!credential.ok()) {
      config.warnings.push_back(
          fmt::format("entry '{}' is skipped: {}", ShownKey(key), text::MessageOf(credential.status())));
    } else if (*credential) {
      config.entries.push_back({key, std::move(**credential)});
    }
  }
}

absl::Status ReadHelpers(const Json& json, DockerConfig& config) {
  const auto helpers = json.find("credHelpers");
  if (helpers != json.end() && !helpers->is_null()) {
    if (!helpers->is_object()) return absl::InvalidArgumentError("'credHelpers' is no object");
    for (const auto& [key, name] : helpers->items()) {
      if (name.is_string()) {
        config.helpers.emplace(key, name.get<std::string>());
      } else {
        config.warnings.push_back(fmt::format("the helper of '{}' is skipped: no string", ShownKey(key)));
      }
    }
  }
  const auto store = json.find("credsStore");
  if (store != json.end() && !store->is_null() && !store->is_string()) {
    return absl::InvalidArgumentError("'credsStore' is no string");
  }
  config.store = TextMember(json, "credsStore");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DockerConfig> ParseDockerConfig(std::string_view text, ConfigForm form, Reader reader) {
  KeyOrder order;
  const Json json = ParseJson(text, [&order](int depth, const std::string& key) { order.Add(depth, key); });
  if (json.is_discarded()) return absl::InvalidArgumentError("not valid JSON");
  if (!json.is_object()) return absl::InvalidArgumentError("not a JSON object");
  DockerConfig config;
  if (form == ConfigForm::kBareMap || (form == ConfigForm::kAsItAppears && LooksLikeBareMap(json))) {
    ReadEntries(json, order.top(), reader, config);
    return config;
  }
  const auto auths = json.find("auths");
  if (auths != json.end() && !auths->is_null()) {
    if (!auths->is_object()) return absl::InvalidArgumentError("'auths' is no object");
    ReadEntries(*auths, order.auths(), reader, config);
  }
  if (absl::Status status = ReadHelpers(json, config); !status.ok()) return status;
  return config;
}

}  // namespace tagdrift::credentials
