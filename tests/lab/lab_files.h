#pragma once

#include <initializer_list>
#include <string>

namespace tagdrift::lab {

/// A file or folder of what `deploy/provision.sh` unpacked ("runc/usr/sbin/runc"); TAGDRIFT_LAB_DIR names the folder.
std::string LabFile(const std::string& path);

/// Whether a run that needs these LabFiles can go on, as CanRun.
bool AreUnpacked(std::initializer_list<const char*> files);

/// The lab's own folder, on the sandbox's private tmpfs. Gives up outside tests/lab/sandbox.sh.
std::string LabRoot();

}  // namespace tagdrift::lab
