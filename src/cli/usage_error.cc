#include "usage_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "meant.h"

namespace tagdrift::cli {
namespace {

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

/// Without their dashes.
std::vector<std::string> OptionNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(name);
  }
  return names;
}

/// `option` as it is written: "-o", "-ojson", "--output".
bool Knows(const CLI::App& command, const std::string& option) {
  const bool is_short = !option.starts_with("--");
  return command.get_option_no_throw(is_short ? option.substr(0, 2) : option) != nullptr;
}

std::string UnexpectedArgument(const CLI::App& app, const CLI::App& command, const CLI::ParseError& error) {
  const std::vector<std::string> unexpected = app.remaining(true);
  if (unexpected.empty()) return error.what();
  const std::string& argument = unexpected.front();
  if (!argument.starts_with('-')) return fmt::format("the argument '{}' was not expected", argument);
  const std::string option = argument.substr(0, argument.find('='));
  if (&command != &app && Knows(command, option)) {
    return fmt::format("options come after the command: tagdrift {} {}", command.get_name(), option);
  }
  const std::string name = option.substr(std::min(option.find_first_not_of('-'), option.size()));
  std::vector<std::string> known = OptionNames(command);
  for (std::string& everywhere : OptionNames(app)) known.push_back(std::move(everywhere));
  return fmt::format("there is no option '{}'{}", option, Meant(name, known, "--"));
}

std::string WhatIsWrong(const CLI::App& app, const CLI::App* command, const CLI::ParseError& error,
                        const std::string& first) {
  if (command == nullptr && !first.empty() && !first.starts_with('-')) {
    return fmt::format("there is no command '{}'{}", first, Meant(first, CommandNames(app)));
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    return UnexpectedArgument(app, command == nullptr ? app : *command, error);
  }
  return error.what();
}

}  // namespace

std::vector<std::string> UsageError(const CLI::App& app, const CLI::ParseError& error, const std::string& first) {
  if (dynamic_cast<const CLI::ConfigError*>(&error) != nullptr) return absl::StrSplit(error.what(), '\n');
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  const CLI::App* command = chosen.empty() ? nullptr : chosen.front();
  return {fmt::format("{} (see tagdrift {}--help)", WhatIsWrong(app, command, error, first),
                      command == nullptr ? "" : command->get_name() + " ")};
}

}  // namespace tagdrift::cli
