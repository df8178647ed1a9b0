#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "hosts/release.h"
#include "hosts/toml/document.h"
#include "tagdrift/hosts/registry_host.h"

namespace tagdrift::hosts {

/// A host as a host directory describes it; its TLS files are named but not read yet.
struct HostEntry {
  RegistryHost host;                  ///< without `ca` and `clients`; `host.host` is empty where nothing names one
  std::string key;                    ///< as written: the table's key, or the value of `server`
  bool default_capabilities = false;  ///< none are written
  bool has_ca = false;                ///< `ca` is there, be it an empty list
  std::vector<std::string> ca;
  std::vector<std::pair<std::string, std::string>> clients;  ///< certificate and key; no key: the same file
};

/// What containerd makes of a hosts.toml that it can read: the hosts in its order, the server entry last.
struct HostsFile {
  std::vector<HostEntry> entries;
};

/// The file is an error: containerd logs it and goes on as if there were none.
struct HostsFileIgnored {
  std::string reason;
  int line = 0;
  std::string capability = {};  ///< the unknown one, where that is the reason
};

/// containerd 1.x crashes over the file: every pull fails.
struct HostsFilePanic {
  int line = 0;
};

/// More than 100 hosts, which is a limit of tagdrift's own.
struct HostsFileTooLong {
  int line = 0;  ///< of the first one too many
};

/// Reads a parsed hosts.toml. `directory` and `file` are its own paths, used for relative names and for the entries'
/// source.
std::variant<HostsFile, HostsFileIgnored, HostsFilePanic, HostsFileTooLong> ReadHostsFile(const TomlDocument& document,
                                                                                          const std::string& directory,
                                                                                          const std::string& file,
                                                                                          Release release);

}  // namespace tagdrift::hosts
