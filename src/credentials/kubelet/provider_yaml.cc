#include "credentials/kubelet/provider_yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "credentials/kubelet/yaml_mapping.h"
#include "credentials/shown_key.h"
#include "tagdrift/text/text.h"

namespace tagdrift::credentials {
namespace {

constexpr std::size_t kMaxProviders = 100;
constexpr std::array<std::string_view, 3> kVersions = {"v1", "v1beta1", "v1alpha1"};

bool IsVersionOf(std::string_view group, std::string_view text) {
  return text.starts_with(group) && std::ranges::find(kVersions, text.substr(group.size())) != kVersions.end();
}

bool IsProgramName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of("/ \t") == std::string::npos &&
         name.find('\0') == std::string::npos;
}

/// The parts of a service account mode that the kubelet insists on.
absl::Status CheckTokenAttributes(const YAML::Node& node, const std::string& what) {
  YamlMapping token(node, what + ": 'tokenAttributes'",
                    {"serviceAccountTokenAudience", "requireServiceAccount", "cacheType",
                     "requiredServiceAccountAnnotationKeys", "optionalServiceAccountAnnotationKeys"});
  if (token.Text("serviceAccountTokenAudience").empty()) token.Fail("needs 'serviceAccountTokenAudience'");
  if (!token.Flag("requireServiceAccount")) token.Fail("needs 'requireServiceAccount'");
  const std::string cache = token.Text("cacheType");
  if (cache != "ServiceAccount" && cache != "Token") token.Fail("needs a 'cacheType' of ServiceAccount or Token");
  token.Texts("requiredServiceAccountAnnotationKeys");
  token.Texts("optionalServiceAccountAnnotationKeys");
  return token.status();
}

void ReadPatterns(YamlMapping& fields, Provider& provider) {
  for (const std::string& text : fields.Texts("matchImages")) {
    std::optional<ImagePattern> pattern = ImagePattern::Parse(text);
    if (!pattern) return fields.Fail("has the match image '" + ShownKey(text) + "', which is no host with a path");
    provider.match_images.push_back(*std::move(pattern));
  }
  if (provider.match_images.empty()) fields.Fail("needs one of 'matchImages' at least");
}

void ReadDuration(YamlMapping& fields, Provider& provider) {
  if (!fields.Has("defaultCacheDuration")) return fields.Fail("needs 'defaultCacheDuration'");
  const std::string text = fields.Text("defaultCacheDuration");
  absl::Duration& duration = provider.default_cache_duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration() ||
      duration == absl::InfiniteDuration()) {
    fields.Fail("has a 'defaultCacheDuration' that is no duration of zero or more; write 12h or 10m");
  }
}

void ReadEnvironment(YamlMapping& fields, const std::string& what, Provider& provider) {
  for (const YAML::Node& node : fields.Nodes("env")) {
    YamlMapping variable(node, what + ": an entry of 'env'", {"name", "value"});
    const std::string name = variable.Text("name");
    if (name.empty() || name.find('=') != std::string::npos) variable.Fail("needs a 'name'");
    provider.env.emplace_back(name, variable.Text("value"));
    if (!variable.status().ok()) return fields.Fail("cannot be used: " + text::MessageOf(variable.status()));
  }
}

absl::StatusOr<Provider> ReadProvider(const YAML::Node& node, std::size_t number) {
  std::string what = fmt::format("provider {}", number);
  if (node.IsMap() && node["name"] && node["name"].IsScalar()) {
    what = fmt::format("provider '{}'", ShownKey(node["name"].Scalar()));
  }
  YamlMapping fields(node, what,
                     {"name", "matchImages", "defaultCacheDuration", "apiVersion", "args", "env", "tokenAttributes"});
  Provider provider;
  provider.name = fields.Text("name");
  if (!IsProgramName(provider.name)) fields.Fail("needs a 'name' that is a file's, without '/' and blanks");
  ReadPatterns(fields, provider);
  ReadDuration(fields, provider);
  provider.api_version = fields.Text("apiVersion");
  if (!IsVersionOf("credentialprovider.kubelet.k8s.io/", provider.api_version)) {
    fields.Fail("needs an 'apiVersion' of credentialprovider.kubelet.k8s.io: v1, v1beta1 or v1alpha1");
  }
  provider.args = fields.Texts("args");
  ReadEnvironment(fields, what, provider);
  provider.needs_service_account = fields.Has("tokenAttributes");
  if (provider.needs_service_account && !provider.api_version.ends_with("/v1")) {
    fields.Fail("has 'tokenAttributes', which need the apiVersion credentialprovider.kubelet.k8s.io/v1");
  }
  if (!fields.status().ok()) return fields.status();
  if (provider.needs_service_account) {
    if (absl::Status status = CheckTokenAttributes(fields.Node("tokenAttributes"), what); !status.ok()) return status;
  }
  return provider;
}

absl::StatusOr<std::vector<Provider>> ReadDocument(const YAML::Node& document) {
  YamlMapping fields(document, "the configuration", {"apiVersion", "kind", "providers"});
  if (fields.status().ok() && fields.Text("kind") != "CredentialProviderConfig") {
    fields.Fail("needs the 'kind' CredentialProviderConfig");
  }
  if (!IsVersionOf("kubelet.config.k8s.io/", fields.Text("apiVersion"))) {
    fields.Fail("needs an 'apiVersion' of kubelet.config.k8s.io: v1, v1beta1 or v1alpha1");
  }
  const std::vector<YAML::Node> nodes = fields.Nodes("providers");
  if (nodes.empty()) fields.Fail("needs one of 'providers' at least");
  if (nodes.size() > kMaxProviders) fields.Fail(fmt::format("has more than {} providers", kMaxProviders));
  if (!fields.status().ok()) return fields.status();
  std::vector<Provider> providers;
  for (const YAML::Node& node : nodes) {
    absl::StatusOr<Provider> provider = ReadProvider(node, providers.size() + 1);
    if (!provider.ok()) return provider.status();
    providers.push_back(*std::move(provider));
  }
  return providers;
}

}  // namespace

absl::StatusOr<std::vector<Provider>> ParseProviderConfig(const std::string& text) {
  try {
    return ReadDocument(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(fmt::format("line {}: not valid YAML: {}", error.mark.line + 1, error.msg));
  }
}

}  // namespace tagdrift::credentials
