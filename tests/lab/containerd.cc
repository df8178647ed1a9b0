#include "containerd.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "cri.h"
#include "failure.h"
#include "lab_files.h"

namespace tagdrift::lab {
namespace {

// A file of version 2 is what containerd 1.x reads and what most nodes with 2.x still have. `restrict_oom_score_adj`:
// runc may not lower the score in a sandbox. NRI would listen on a socket that other containerds share.
constexpr const char* kConfig = R"(version = 2
root = "@/root"
state = "@/state"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp"]

[grpc]
  address = "@SOCKET"

[plugins."io.containerd.internal.v1.opt"]
  path = "@/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "@SANDBOX"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "@/cni/bin"
    conf_dir = "@/cni/conf"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "@HOSTS"
)";

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

}  // namespace

std::string ChosenVersion() {
  const char* chosen = std::getenv("TAGDRIFT_LAB_CONTAINERD");
  return chosen == nullptr ? "1.6" : chosen;
}

std::string VersionMissing(const std::string& version) {
  if (std::filesystem::exists(LabFile("containerd-" + version + "/usr/bin/containerd"))) return "";
  const std::string reason = ReadFile(LabFile("containerd-" + version + ".missing"));
  return "containerd " + version + " is not in " + LabFile("") + ": " +
         (reason.empty() ? "run deploy/provision.sh" : reason);
}

Places UsualPlaces() {
  return {"/run/containerd/containerd.sock", "/etc/containerd/config.toml", "/etc/containerd/certs.d"};
}

Containerd::Containerd(std::string version, const std::string& sandbox_image, const std::optional<Places>& places)
    : version_(std::move(version)), folder_(LabRoot() + "/containerd") {
  if (const std::string missing = VersionMissing(version_); !missing.empty()) GiveUp(missing);
  places_ = places.value_or(Places{folder_ + "/containerd.sock", folder_ + "/config.toml", folder_ + "/certs.d"});
  std::filesystem::create_directories(hosts_root());
  std::string config = Replaced(kConfig, "@SANDBOX", sandbox_image);
  config = Replaced(config, "@SOCKET", socket());
  config = Replaced(config, "@HOSTS", hosts_root());
  WriteFile(config_file(), Replaced(config, "@", folder_));
  Start();
}

void Containerd::Start() {
  const std::string programs = LabFile("containerd-" + version_ + "/usr/bin");
  const std::string path = programs + ":" + LabFile("runc/usr/sbin") + ":" + std::getenv("PATH");
  daemon_ = std::make_unique<Daemon>("containerd " + version_,
                                     std::vector<std::string>{programs + "/containerd", "--config", config_file()},
                                     std::map<std::string, std::string>{{"PATH", path}}, folder_ + "/log");
  Cri cri(endpoint());
  daemon_->AwaitReady([&] { return cri.Version().ok(); });
}

void Containerd::Restart() {
  daemon_.reset();
  Start();
}

void Containerd::Crash() {
  daemon_->Kill();
  Restart();
}

void Containerd::Upgrade(const std::string& version) {
  if (const std::string missing = VersionMissing(version); !missing.empty()) GiveUp(missing);
  version_ = version;
  Restart();
}

void Containerd::SetHosts(const std::string& registry, const std::string& toml) {
  WriteFile(hosts_root() + "/" + registry + "/hosts.toml", toml);
}

void Containerd::SetHosts(const std::string& registry, const std::string& server, const std::vector<Mirror>& mirrors) {
  std::ostringstream toml;
  if (!server.empty()) toml << "server = \"" << server << "\"\n";
  for (const Mirror& mirror : mirrors) {
    toml << "\n[host.\"" << mirror.url << "\"]\n  capabilities = " << mirror.capabilities << "\n" << mirror.more;
  }
  SetHosts(registry, toml.str());
}

std::string Containerd::Ctr(std::vector<std::string> arguments) {
  std::vector<std::string> command{LabFile("containerd-" + version_ + "/usr/bin/ctr"), "--address", socket(),
                                   "--namespace", "k8s.io"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunOrGiveUp(command);
}

std::string Containerd::Target(const std::string& name) {
  // REF TYPE DIGEST SIZE PLATFORMS LABELS
  std::istringstream lines(Ctr({"images", "list", "name==" + name}));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string ref;
    std::string type;
    std::string digest;
    if (words >> ref >> type >> digest && ref == name) return digest;
  }
  return "";
}

}  // namespace tagdrift::lab
