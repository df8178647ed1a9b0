#include "config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <toml.hpp>
#include <utility>

#include "meant.h"

namespace tagdrift::cli {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

/// Whether a file may set it: `--help` and `--config` are of the command line only.
bool IsKey(const CLI::Option& option) { return option.get_configurable() && !option.get_lnames().empty(); }

bool IsFlag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

std::vector<CLI::App*> CommandsOf(CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

CLI::Option* Find(CLI::App& command, const std::string& key) {
  for (CLI::Option* option : command.get_options()) {
    if (IsKey(*option) && std::ranges::find(option->get_lnames(), key) != option->get_lnames().end()) return option;
  }
  return nullptr;
}

std::string MeantKey(const std::string& typed, const std::vector<CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) {
    for (const CLI::Option* option : command->get_options()) {
      if (IsKey(*option)) names.insert(names.end(), option->get_lnames().begin(), option->get_lnames().end());
    }
  }
  return Meant(typed, names);
}

/// As the command line would have it. Nothing: it has no such value.
std::optional<std::string> Word(const toml::value& value) {
  if (value.is_string()) return value.as_string().str;
  if (value.is_integer()) return fmt::format("{}", value.as_integer());
  if (value.is_floating()) return fmt::format("{}", value.as_floating());
  if (value.is_boolean()) return value.as_boolean() ? "true" : "false";
  return std::nullopt;
}

std::optional<std::vector<std::string>> Words(const toml::value& value) {
  std::vector<std::string> words;
  if (!value.is_array()) {
    auto word = Word(value);
    if (!word) return std::nullopt;
    return std::vector<std::string>{*std::move(word)};
  }
  for (const toml::value& item : value.as_array()) {
    auto word = Word(item);
    if (!word) return std::nullopt;
    words.push_back(*std::move(word));
  }
  return words;
}

/// Reads one file.
class Reader {
 public:
  Reader(CLI::App& app, std::string file) : commands_(CommandsOf(app)), file_(std::move(file)) {}

  /// All that is wrong; none: the options have their values.
  std::vector<std::string> Read(const toml::value& root) {
    for (const auto& [key, value] : root.as_table()) {
      if (value.is_table()) {
        ReadTable(key, value);
      } else {
        ReadEverywhere(key, value);
      }
    }
    // The tables' own values are read first, so that a value at the top fills only what they leave.
    for (const auto& [option, value] : everywhere_) Set(*option, *value);
    CheckNeeds();
    std::ranges::sort(wrong_);
    std::vector<std::string> lines;
    for (auto& [line, what] : wrong_) lines.push_back(fmt::format("{}:{}: {}", file_, line, what));
    lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
    return lines;
  }

 private:
  void ReadTable(const std::string& name, const toml::value& table) {
    const auto command = std::ranges::find_if(commands_, [&](CLI::App* known) { return known->get_name() == name; });
    if (command == commands_.end()) {
      std::vector<std::string> names;
      for (const CLI::App* known : commands_) names.push_back(known->get_name());
      return Add(table, fmt::format("[{}] is no command{}", name, Meant(name, names)));
    }
    for (const auto& [key, value] : table.as_table()) {
      if (CLI::Option* option = Find(**command, key)) {
        Set(*option, value);
      } else {
        Add(value, fmt::format("'{}' is no option of [{}]{}", key, name, MeantKey(key, {*command})));
      }
    }
  }

  void ReadEverywhere(const std::string& key, const toml::value& value) {
    bool found = false;
    for (CLI::App* command : commands_) {
      CLI::Option* option = Find(*command, key);
      if (option == nullptr) continue;
      everywhere_.emplace_back(option, &value);
      found = true;
    }
    if (!found) Add(value, fmt::format("'{}' is no option of any command{}", key, MeantKey(key, commands_)));
  }

  void Set(CLI::Option& option, const toml::value& value) {
    if (lines_.contains(&option)) return;
    lines_.emplace(&option, LineOf(value));
    const std::string& name = option.get_lnames().front();
    const auto words = Words(value);
    if (!words) return Add(value, name + ": write a string, a number, true, false or a list of them");
    if (IsFlag(option) && !value.is_boolean()) return Add(value, fmt::format("{}: write true or false", name));
    if (words->empty() || (IsFlag(option) && !value.as_boolean())) return;
    const CLI::results_t given = option.results();
    option.clear();
    try {
      option.add_result(*words);
      option.run_callback();
    } catch (const CLI::Error& error) {
      Add(value, Without(error.what(), "--"));
    }
    if (given.empty()) return;
    option.clear();
    option.add_result(given);
  }

  void CheckNeeds() {
    for (const auto& [option, line] : lines_) {
      if (option->count() == 0) continue;
      for (const CLI::Option* needed : option->get_needs()) {
        if (needed->count() > 0) continue;
        wrong_.emplace_back(line, fmt::format("{} needs {} too", option->get_lnames().front(), Name(*needed)));
      }
      for (CLI::Option* excluded : option->get_excludes()) {
        const auto other = lines_.find(excluded);
        if (other == lines_.end() || other->second >= line || excluded->count() == 0) continue;
        wrong_.emplace_back(line, fmt::format("{} does not go with {} in line {}", option->get_lnames().front(),
                                              Name(*excluded), other->second));
      }
    }
  }

  static std::string Name(const CLI::Option& option) {
    return option.get_lnames().empty() ? option.get_name() : option.get_lnames().front();
  }

  static std::string Without(std::string what, std::string_view prefix) {
    return what.starts_with(prefix) ? what.substr(prefix.size()) : what;
  }

  static int LineOf(const toml::value& value) { return static_cast<int>(value.location().line()); }

  void Add(const toml::value& value, std::string what) { wrong_.emplace_back(LineOf(value), std::move(what)); }

  const std::vector<CLI::App*> commands_;
  const std::string file_;
  std::vector<std::pair<CLI::Option*, const toml::value*>> everywhere_;
  std::map<CLI::Option*, int> lines_;  ///< of options that the file sets
  std::vector<std::pair<int, std::string>> wrong_;
};

struct Type {
  std::string example;
  std::string range;  ///< empty: no more is known of its values
};

/// CLI11 says both in one: "SOURCE:{auto,none}", "N:INT in [1 - 250]".
Type TypeOf(const CLI::Option& option) {
  if (IsFlag(option)) return {.example = "true"};
  const std::string name = option.get_type_name();
  const std::size_t list = name.find(":{");
  const std::size_t end = std::min({list, name.find(":INT in"), name.find(":FLOAT in"), name.size()});
  Type type{.example = name.substr(0, end), .range = end == name.size() ? "" : name.substr(end + 1)};
  if (end == name.size() || end == list) type.example = '"' + type.example + '"';
  if (option.get_items_expected_max() > 1) type.example = '[' + type.example + ']';
  return type;
}

[[noreturn]] void Refuse(const std::string& why) { throw CLI::ConfigError(why, CLI::ExitCodes::ConfigError); }

/// toml11's own text goes on with a picture of the place, and begins with the name of its function.
std::string Reason(std::string_view what) {
  what = what.substr(0, what.find('\n'));
  const std::size_t function = what.find("toml::");
  const std::size_t colon = function == std::string_view::npos ? function : what.find(": ", function);
  return std::string(colon == std::string_view::npos ? what : what.substr(colon + 2));
}

}  // namespace

std::vector<CLI::ConfigItem> ConfigFile::from_config(std::istream& input) const {
  const auto file = app_.get_config_ptr()->as<std::string>();
  std::string text(kMostBytes + 1, '\0');
  input.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(input.gcount()));
  if (text.size() > kMostBytes) Refuse(fmt::format("{} is larger than 1 MiB", file));
  std::vector<std::string> wrong;
  try {
    std::istringstream stream(text);
    wrong = Reader(app_, file).Read(toml::parse(stream, file));
  } catch (const toml::exception& error) {
    Refuse(fmt::format("{}:{}: no TOML: {}", file, error.location().line(), Reason(error.what())));
  }
  if (!wrong.empty()) Refuse(fmt::format("{}", fmt::join(wrong, "\n")));
  return {};
}

std::string ConfigFile::to_config(const CLI::App* command, bool /*with_defaults*/, bool /*with_description*/,
                                  std::string /*prefix*/) const {
  return ConfigReference(*command);
}

std::string ConfigReference(const CLI::App& command) {
  std::string text = fmt::format("[{}]\n", command.get_name());
  std::string group = "Options";
  for (const CLI::Option* option : command.get_options()) {
    if (!IsKey(*option)) continue;
    if (option->get_group() != group) {
      group = option->get_group();
      text += fmt::format("\n## {}\n", group);
    }
    const Type type = TypeOf(*option);
    text += fmt::format("\n# {}\n", option->get_description());
    if (!type.range.empty()) text += fmt::format("# {}\n", type.range);
    text += fmt::format("# {} = {}\n", option->get_lnames().front(), type.example);
  }
  return text;
}

}  // namespace tagdrift::cli
