#include "node_options.h"

#include "value_checks.h"

namespace tagdrift::cli {
namespace {

void ReadVersion(NodeOptions& options, const std::string& text) {
  const auto version = hosts::ContainerdVersion::Parse(text);
  if (!version.ok()) throw CLI::ValidationError("--containerd-version", std::string(version.status().message()));
  options.containerd_version = *version;
}

void ReadTimeout(NodeOptions& options, const std::string& text) {
  absl::Duration timeout;
  if (!absl::ParseDuration(text, &timeout) || timeout <= absl::ZeroDuration()) {
    throw CLI::ValidationError("--timeout", "'" + text + "' is no duration above zero; write 30s or 2m");
  }
  options.timeout = timeout;
}

void AddPodOptions(CLI::App& command, PodOptions& options) {
  const std::string group = "Pods";
  command
      .add_option(
          "--pods-from", options.from,
          "Who tells the pods' policies and owners: kubelet, api (server), the first that answers, or none [auto]")
      ->check(CLI::IsMember({"auto", "none", "kubelet", "api"}))
      ->type_name("SOURCE")
      ->group(group);
  command
      .add_option("--kubeconfig", options.kubeconfig,
                  "The API server, and as whom it and the kubelet are asked [the pod's service account]")
      ->type_name("FILE")
      ->group(group);
  command
      .add_option("--kubelet", options.kubelet,
                  "This node's kubelet [HOST_IP or NODE_IP of the environment, else 127.0.0.1; port 10250]")
      ->type_name("HOST[:PORT]")
      ->group(group);
}

}  // namespace

void AddNodeOptions(CLI::App& command, NodeOptions& options) {
  const std::string group = "Node";
  command
      .add_option("--runtime-endpoint", options.runtime_endpoint,
                  "Socket of the container runtime [unix:///run/containerd/containerd.sock]")
      ->envname("CONTAINER_RUNTIME_ENDPOINT")
      ->type_name("ENDPOINT")
      ->group(group);
  command
      .add_option("--state-dir", options.state_dir,
                  "Keep here what registries served and since when tags are stale; it has to exist")
      ->type_name("DIR")
      ->group(group);
  command.add_option("--host-root", options.host_root, "Where the node's / is mounted")->type_name("DIR")->group(group);
  command
      .add_option("--containerd-config", options.containerd_config,
                  "containerd's configuration [/etc/containerd/config.toml]")
      ->type_name("FILE")
      ->group(group);
  command
      .add_option("--registry-config-path", options.registry_config_path,
                  "Host directories instead of containerd's config_path, several joined with ':'")
      ->type_name("DIRS")
      ->group(group);
  command
      .add_option_function<std::string>(
          "--containerd-version", [&options](const std::string& text) { ReadVersion(options, text); },
          "Read the configuration as this version does [the running one]")
      ->type_name("X.Y.Z")
      ->group(group);
  command
      .add_option_function<std::string>(
          "--image-pull",
          [&options](const std::string& text) {
            options.image_pull = text == "local" ? hosts::PullPath::kLocal : hosts::PullPath::kTransfer;
          },
          "How containerd 2.1 and later pulls [learned from its configuration]")
      ->check(CLI::IsMember({"local", "transfer"}))
      ->group(group);

  AddPodOptions(command, options.pods);

  const std::string registries = "Registries";
  command.add_option("--origin", options.origins, "Compare this registry's tags with this host; repeatable")
      ->check(OriginTrouble)
      ->type_name("REGISTRY=URL")
      ->allow_extra_args(false)
      ->group(registries);
  command
      .add_option_function<std::string>(
          "--timeout", [&options](const std::string& text) { ReadTimeout(options, text); },
          "End with what is known after this time [2m]")
      ->type_name("DURATION")
      ->group(registries);
  AddPolitenessOptions(command, options.politeness);
  AddCredentialOptions(command, options.credentials);
  command.add_flag("-v,--verbose", options.verbose, "Tell on stderr what is done");
  command
      .add_option_function<std::string>(
          "--log-format",
          [&options](const std::string& text) {
            options.log_format = text == "json" ? LogFormat::kJson : LogFormat::kText;
          },
          "How stderr tells it, and the audit of actions: text or json [text]")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
}

}  // namespace tagdrift::cli
