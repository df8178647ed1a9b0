#pragma once

#include <string>
#include <vector>

#include "hosts/directory/hosts_file.h"
#include "tagdrift/hosts/note.h"

namespace tagdrift::hosts {

/// What a person should see about a hosts.toml that containerd uses: keys and hosts it skips, hosts it lists twice.
void AddFileNotes(const TomlDocument& document, const std::vector<HostEntry>& entries, const std::string& path,
                  Release release, std::vector<Note>& notes);

/// The capability that makes containerd ignore the file, if that is the reason, with what may have been meant.
void AddCapabilityNote(const HostsFileIgnored& ignored, const std::string& path, std::vector<Note>& notes);

/// What the finished list means: who may resolve tags, and whether the registry itself is asked. `entries` is
/// containerd's list before TLS files are read; `file` is empty where no hosts.toml is used.
void AddOrderNotes(const std::vector<HostEntry>& entries, const std::string& registry, const std::string& file,
                   std::vector<Note>& notes);

}  // namespace tagdrift::hosts
