#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace tagdrift::cli {

/// One line about a command line that `app` refused with `error`: what is wrong, which name may have been meant, and
/// whose help says more; or one for each mistake in the file of `--config`. `first` is the first argument, empty where
/// there was none.
std::vector<std::string> UsageError(const CLI::App& app, const CLI::ParseError& error, const std::string& first);

}  // namespace tagdrift::cli
