#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace tagdrift::cli {

/// What `--config` names: TOML whose keys are the long options, of every command that has them at the top and of one
/// command in the table of its name. Where the command line gives an option, the file's value is checked and not used.
/// The options that the commands declare are the only list of keys there is.
class ConfigFile final : public CLI::Config {
 public:
  explicit ConfigFile(CLI::App& app) : app_(app) {}

  /// Gives every command of the app its options; nothing is left to the caller. Throws CLI::ConfigError with all that
  /// is wrong, `FILE:LINE: what` a line: no TOML, unknown tables and keys, bad values, an option without those it
  /// needs.
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;
  std::string to_config(const CLI::App* command, bool with_defaults, bool with_description,
                        std::string prefix) const override;

 private:
  CLI::App& app_;
};

/// Every option that may stand in `command`'s table, with its description: a TOML file in which all is commented out.
std::string ConfigReference(const CLI::App& command);

}  // namespace tagdrift::cli
