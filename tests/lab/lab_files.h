#pragma once

#include <string>

namespace tagdrift::lab {

/// A file or folder of what `deploy/provision.sh` unpacked ("runc/usr/sbin/runc"); TAGDRIFT_LAB_DIR names the folder.
std::string LabFile(const std::string& path);

/// The lab's own folder, on the sandbox's private tmpfs. Gives up outside tests/lab/sandbox.sh.
std::string LabRoot();

}  // namespace tagdrift::lab
