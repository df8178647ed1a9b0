#pragma once

#include <string>

namespace tagdrift::credentials {

/// A key as it may be shown: without a user name before the host, in one short line.
std::string ShownKey(std::string key);

}  // namespace tagdrift::credentials
