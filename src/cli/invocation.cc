#include "invocation.h"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

namespace tagdrift::cli {
namespace {

/// As it was called where that names a path, else as it is found.
std::string Program() {
  const std::string_view called = program_invocation_name;
  return called.find('/') == std::string_view::npos ? "tagdrift" : std::string(called);
}

}  // namespace

report::Invocation InvocationOf(const NodeOptions& options) {
  report::Invocation invocation{.program = Program()};
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) invocation.options.insert(invocation.options.end(), {name, value});
  };
  const auto add_all = [&](const std::string& name, const std::vector<std::string>& values) {
    for (const std::string& value : values) add(name, value);
  };
  add("--runtime-endpoint", options.runtime_endpoint);
  if (options.host_root != "/") add("--host-root", options.host_root);
  add("--containerd-config", options.containerd_config.value_or(""));
  add("--registry-config-path", options.registry_config_path.value_or(""));
  if (options.containerd_version) add("--containerd-version", options.containerd_version->Text());
  if (options.image_pull) {
    add("--image-pull", *options.image_pull == hosts::PullPath::kLocal ? "local" : "transfer");
  }
  if (options.pods.from != "auto") add("--pods-from", options.pods.from);
  add("--kubeconfig", options.pods.kubeconfig);
  add("--kubelet", options.pods.kubelet);
  add_all("--origin", options.origins);
  const PolitenessOptions& politeness = options.politeness;
  const registry::Politeness usual;
  if (politeness.politeness.concurrency != usual.concurrency) {
    add("--max-concurrency", std::to_string(politeness.politeness.concurrency));
  }
  if (politeness.politeness.requests_per_second != usual.requests_per_second) {
    add("--max-rate", fmt::format("{}", politeness.politeness.requests_per_second));
  }
  add("--contact", politeness.contact);
  add_all("--auth-file", options.credentials.auth_files);
  add_all("--pull-secrets", options.credentials.pull_secrets);
  add("--image-credential-provider-config", options.credentials.provider_config);
  add("--image-credential-provider-bin-dir", options.credentials.provider_bin_dir);
  add_all("--share-credentials", options.credentials.shared);
  return invocation;
}

}  // namespace tagdrift::cli
