#pragma once

#include <initializer_list>
#include <string>

namespace tagdrift::lab {

/// A file or folder of what `deploy/provision.sh` unpacked ("runc/usr/sbin/runc"); TAGDRIFT_LAB_DIR names the folder.
std::string LabFile(const std::string& path);

/// Whether `provision.sh` unpacked all of these LabFiles. Where not, says which test run is skipped for that; gives up
/// in CI.
bool AreUnpacked(std::initializer_list<const char*> files);

/// The lab's own folder, on the sandbox's private tmpfs. Gives up outside tests/lab/sandbox.sh.
std::string LabRoot();

}  // namespace tagdrift::lab
