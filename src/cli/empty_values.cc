#include "empty_values.h"

#include <algorithm>
#include <utility>

namespace tagdrift::cli {
namespace {

std::string EmptyTrouble(const std::string& value) {
  return value.empty() ? "its value is empty; give it one, or leave the option out" : "";
}

/// "--to=".
bool EndsAtItsEqualsSign(const std::string& argument) {
  return argument.starts_with("--") && argument.size() > 3 && argument.find('=') == argument.size() - 1;
}

}  // namespace

std::vector<std::string> ReverseArguments(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  bool only_operands = false;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    only_operands = only_operands || argument == "--";
    const bool is_split = !only_operands && EndsAtItsEqualsSign(argument);
    if (is_split) argument.pop_back();
    arguments.push_back(std::move(argument));
    if (is_split) arguments.emplace_back();
  }
  std::ranges::reverse(arguments);
  return arguments;
}

void RefuseEmptyValues(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const bool takes_a_value = option->get_items_expected_max() > 0;
    if (takes_a_value && !option->get_positional()) option->check(EmptyTrouble);
  }
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) RefuseEmptyValues(*command);
}

}  // namespace tagdrift::cli
