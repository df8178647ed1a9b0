#pragma once

#include <string>

#include "CLI/CLI.hpp"

namespace tagdrift::cli {

/// One line about a command line that `app` refused with `error`: what is wrong, which name may have been meant, and
/// whose help says more. `first` is the first argument, empty where there was none.
std::string UsageError(const CLI::App& app, const CLI::ParseError& error, const std::string& first);

}  // namespace tagdrift::cli
