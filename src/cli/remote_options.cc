#include "remote_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace tagdrift::cli {
namespace {

/// With their whole groups, so that a new option of the node is one of them.
bool IsOfTheNode(const CLI::Option& option) {
  constexpr const char* kGroups[] = {"Node", "Pods", "Registries", "Credentials"};
  constexpr const char* kOthers[] = {"--all-hosts", "--ask-local", "--disk-threshold", "--protect", "--parallel"};
  const std::string name = option.get_name();
  if (name == "--timeout") return false;
  return std::ranges::count(kGroups, option.get_group()) > 0 || std::ranges::count(kOthers, name) > 0;
}

bool IsOfTheEnvironment(const CLI::Option& option) {
  const char* value = option.get_envname().empty() ? nullptr : std::getenv(option.get_envname().c_str());
  return value != nullptr && option.results() == std::vector<std::string>{value};
}

}  // namespace

void AddRemoteOptions(CLI::App& command, RemoteOptions& options) {
  const std::string group = "Agent";
  options.command = &command;
  CLI::Option* agent = command
                           .add_option("--agent", options.agent,
                                       "Ask the agent that runs there: unix:///run/tagdrift/reader.sock, or HOST:PORT "
                                       "with mutual TLS")
                           ->envname("TAGDRIFT_AGENT")
                           ->type_name("ADDR")
                           ->group(group);
  const auto add = [&](const char* name, std::string& value, const char* what, const char* type) {
    command.add_option(name, value, what)->type_name(type)->group(group)->needs(agent);
  };
  add("--tls-ca", options.tls.ca, "The authority that the agent's certificate is of", "FILE");
  add("--tls-cert", options.tls.certificate, "The certificate by which the agent knows who asks", "FILE");
  add("--tls-key", options.tls.key, "Its key", "FILE");
  add("--tls-server-name", options.tls.server_name, "What the agent's certificate is for [the host of ADDR]", "NAME");
}

std::vector<std::string> GivenNodeOptions(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    if (option->count() > 0 && IsOfTheNode(*option) && !IsOfTheEnvironment(*option))
      names.push_back(option->get_name());
  }
  return names;
}

absl::StatusOr<remote::Client> ConnectTo(const RemoteOptions& options) {
  if (const std::vector<std::string> given = GivenNodeOptions(*options.command); !given.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{} {} not go with --agent: there the agent's own configuration decides (see tagdrift {} --help)",
                    fmt::join(given, ", "), given.size() == 1 ? "does" : "do", options.command->get_name()));
  }
  auto address = remote::ParseAddress(options.agent, options.tls);
  if (!address.ok()) return address.status();
  return remote::Client::Connect(*std::move(address));
}

}  // namespace tagdrift::cli
