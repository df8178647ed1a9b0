#include "kube/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "kube/kubeconfig.h"
#include "tagdrift/text/text.h"

namespace tagdrift::kube {
namespace {

constexpr std::size_t kMostTokenBytes = 64 << 10;
constexpr std::size_t kMostCaBytes = 1 << 20;

absl::Status Failed(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("{}: {}", path, text::MessageOf(status)));
}

std::string Variable(const std::map<std::string, std::string>& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

/// Where Kubernetes tells the containers of its pods that the API server is.
std::string ServerOf(const std::map<std::string, std::string>& environment) {
  const std::string host = Variable(environment, "KUBERNETES_SERVICE_HOST");
  const std::string port = Variable(environment, "KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) return {};
  const bool v6 = host.find(':') != std::string::npos;
  return "https://" + (v6 ? "[" + host + "]" : host) + ":" + port;
}

absl::StatusOr<Identity> ReadServiceAccount(const std::string& folder,
                                            const std::map<std::string, std::string>& environment,
                                            const hosts::FileTree& files) {
  Identity identity;
  identity.server = ServerOf(environment);
  identity.token_file = folder + "/token";
  if (const auto token = files.Stat(identity.token_file); !token.ok()) {
    if (token.status().code() == absl::StatusCode::kNotFound) return absl::NotFoundError("no service account");
    return Failed(identity.token_file, token.status());
  }
  auto ca = files.Read(folder + "/ca.crt", kMostCaBytes);
  if (!ca.ok()) return Failed(folder + "/ca.crt", ca.status());
  identity.ca_pem = *std::move(ca);
  return identity;
}

}  // namespace

absl::StatusOr<Identity> LoadIdentity(const Options& options, const std::map<std::string, std::string>& environment,
                                      const hosts::FileTree& files) {
  if (options.kubeconfig.empty()) return ReadServiceAccount(options.service_account, environment, files);
  std::error_code error;
  const std::string path = std::filesystem::absolute(options.kubeconfig, error).string();
  auto identity = ReadKubeconfig(path, files);
  if (identity.ok()) return identity;
  // That a file is not there is not to be taken for nobody having named one.
  const auto code = identity.status().code();
  return Failed(path, absl::Status(code == absl::StatusCode::kNotFound ? absl::StatusCode::kInvalidArgument : code,
                                   identity.status().message()));
}

absl::Status ReloadToken(const hosts::FileTree& files, Identity& identity) {
  if (identity.token_file.empty()) return absl::OkStatus();
  const auto text = files.Read(identity.token_file, kMostTokenBytes);
  if (!text.ok()) return Failed(identity.token_file, text.status());
  const std::string token(text::Trim(*text));
  // It becomes a header's value.
  const bool printable = std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
  if (token.empty() || !printable) return Failed(identity.token_file, absl::InvalidArgumentError("holds no token"));
  identity.token = token;
  return absl::OkStatus();
}

}  // namespace tagdrift::kube
