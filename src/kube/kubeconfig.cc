#include "kube/kubeconfig.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "kube/object.h"
#include "kube/yaml.h"
#include "tagdrift/text/base64.h"
#include "tagdrift/text/text.h"

namespace tagdrift::kube {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

/// Of `list`, the entry called `name`: its `field`.
std::optional<Object> Named(const Object& document, const char* list, const char* field, const std::string& name) {
  for (const Object& entry : document.List(list)) {
    if (entry.Text("name") == name) return entry.Child(field);
  }
  document.Fail(fmt::format("'{}' has none with the name '{}'", list, name));
  return std::nullopt;
}

class Reader {
 public:
  Reader(const std::string& path, const hosts::FileTree& files)
      : folder_(std::filesystem::path(path).parent_path()), files_(files) {}

  std::string Absolute(const std::string& path) const { return (folder_ / path).string(); }

  /// PEM of FIELD-data, else of the file that FIELD names; empty where there is neither.
  std::string Pem(const Object& object, const char* field) const {
    const std::string data_field = std::string(field) + "-data";
    if (const std::string data = object.Text(data_field.c_str()); !data.empty()) {
      const std::optional<std::string> pem = text::Base64Decode(data);
      if (!pem) object.Fail(fmt::format("'{}' is no base64", data_field));
      return pem.value_or("");
    }
    const std::string path = object.Text(field);
    if (path.empty()) return {};
    const auto pem = files_.Read(Absolute(path), kMostBytes);
    if (!pem.ok()) object.Fail(fmt::format("'{}' {}: {}", field, Absolute(path), text::MessageOf(pem.status())));
    return pem.ok() ? *pem : "";
  }

  void ReadCluster(const Object& cluster, Identity& identity) const {
    identity.server = cluster.Text("server");
    while (identity.server.ends_with('/')) identity.server.pop_back();
    const bool plain = identity.server.find_first_of("@?# \t\r\n") == std::string::npos;
    if (!identity.server.starts_with("https://") || !plain) cluster.Fail("'server' has to be an https URL");
    if (cluster.Flag("insecure-skip-tls-verify")) {
      cluster.Fail("'insecure-skip-tls-verify' is not supported: name the 'certificate-authority'");
    }
    for (const char* field : {"proxy-url", "tls-server-name"}) {
      if (cluster.Has(field)) cluster.Fail(fmt::format("'{}' is not supported", field));
    }
    identity.ca_pem = Pem(cluster, "certificate-authority");
  }

  void ReadUser(const Object& user, Identity& identity) const {
    for (const char* field : {"exec", "auth-provider", "username"}) {
      if (user.Has(field)) {
        user.Fail(fmt::format("'{}' is not supported: give a token, or a client certificate with its key", field));
      }
    }
    identity.client_certificate = Pem(user, "client-certificate");
    identity.client_key = Pem(user, "client-key");
    if (identity.client_certificate.empty() != identity.client_key.empty()) {
      user.Fail("a client certificate and its key go together");
    }
    identity.token = user.Text("token");
    if (user.Has("tokenFile")) identity.token_file = Absolute(user.Text("tokenFile"));
    if (identity.token.empty() && identity.token_file.empty() && identity.client_key.empty()) {
      user.Fail("there is neither a token nor a client certificate");
    }
  }

 private:
  std::filesystem::path folder_;
  const hosts::FileTree& files_;
};

}  // namespace

absl::StatusOr<Identity> ReadKubeconfig(const std::string& path, const hosts::FileTree& files) {
  const auto text = files.Read(path, kMostBytes);
  if (!text.ok()) return text.status();
  const auto yaml = ParseYaml(*text);
  if (!yaml.ok()) return yaml.status();
  absl::Status status;
  const Object document(*yaml, "", status);
  const std::string name = document.Text("current-context");
  if (name.empty()) document.Fail("there is no 'current-context': kubectl config use-context NAME sets it");
  const std::optional<Object> context = Named(document, "contexts", "context", name);
  if (!status.ok()) return status;
  const std::optional<Object> cluster = Named(document, "clusters", "cluster", context->Text("cluster"));
  const std::optional<Object> user = Named(document, "users", "user", context->Text("user"));
  if (!status.ok()) return status;
  Identity identity;
  const Reader reader(path, files);
  reader.ReadCluster(*cluster, identity);
  reader.ReadUser(*user, identity);
  if (!status.ok()) return status;
  return identity;
}

}  // namespace tagdrift::kube
