#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "process.h"

namespace tagdrift::lab {

/// One `[host."URL"]` table.
struct Mirror {
  std::string url;
  std::string capabilities = R"(["pull", "resolve"])";
  std::string more = {};  ///< further lines of the table
};

/// Where a containerd's files are.
struct Places {
  std::string socket;
  std::string config_file;
  std::string hosts_root;
};

/// The places of a usual node; private to the sandbox.
Places UsualPlaces();

/// A real containerd with root, state, socket, configuration and host directories of its own, running from the start.
class Containerd {
 public:
  /// `version` is "1.6", "1.7" or "2"; `sandbox_image` is the reference that pods' sandboxes run. Gives up where this
  /// version was not unpacked.
  /// Without `places` all is in the lab's own folder.
  Containerd(std::string version, const std::string& sandbox_image, const std::optional<Places>& places = {});

  const std::string& version() const { return version_; }
  const std::string& socket() const { return places_.socket; }
  std::string endpoint() const { return "unix://" + socket(); }
  const std::string& config_file() const { return places_.config_file; }
  const std::string& hosts_root() const { return places_.hosts_root; }

  /// Stops and starts it; containers go on running.
  void Restart();
  /// The same by SIGKILL.
  void Crash();
  /// Stops it and starts another version over the same root and configuration, as an upgrade of its package does.
  void Upgrade(const std::string& version);

  /// Writes the registry's hosts.toml; it holds from the next pull on.
  void SetHosts(const std::string& registry, const std::string& toml);
  /// The same from parts: `server` (a URL, may be empty) and the mirrors in their order.
  void SetHosts(const std::string& registry, const std::string& server, const std::vector<Mirror>& mirrors);

  /// Runs `ctr` in namespace k8s.io.
  std::string Ctr(std::vector<std::string> arguments);
  /// The digest to which containerd's own image store points `name`; empty where there is no such name.
  std::string Target(const std::string& name);

 private:
  void Start();

  std::string version_;
  std::string folder_;
  Places places_;
  std::unique_ptr<Daemon> daemon_;
};

/// The version that this test run is for: TAGDRIFT_LAB_CONTAINERD, otherwise "1.6".
std::string ChosenVersion();
/// Why that version is not at hand; empty when it is.
std::string VersionMissing(const std::string& version);

}  // namespace tagdrift::lab
