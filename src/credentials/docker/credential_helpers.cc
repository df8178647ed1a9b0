#include "credentials/docker/credential_helpers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "credentials/docker/auth_entry.h"
#include "credentials/docker/auth_table.h"
#include "credentials/json.h"
#include "credentials/shown_key.h"
#include "tagdrift/text/text.h"

namespace tagdrift::credentials {
namespace {

constexpr char kHubAddress[] = "https://index.docker.io/v1/";
constexpr std::size_t kMaxOutput = 64 * 1024;

bool IsHelperName(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
}

bool SaysNotFound(std::string_view output) { return text::Trim(output) == "credentials not found in native keychain"; }

std::string CacheKey(const std::string& name, const std::string& address) { return name + " " + address; }

/// The string member whose name in lower case is `name`: Go ignores the case of names.
std::string TextMemberAnyCase(const nlohmann::json& object, std::string_view name) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_string() && text::Lower(key) == name) return value.get<std::string>();
  }
  return {};
}

Helpers::Answer ReadAnswer(const std::string& output) {
  const nlohmann::json json = ParseJson(output);
  if (!json.is_object()) return absl::InternalError("its answer is no JSON object");
  std::string user = TextMemberAnyCase(json, "username");
  std::string secret = TextMemberAnyCase(json, "secret");
  if (secret.empty()) {
    if (user.empty()) return std::nullopt;
    return absl::InternalError("its answer has no secret");
  }
  return FromUserAndSecret(std::move(user), std::move(secret));
}

}  // namespace

std::vector<std::string> HelperEnvironment(const std::map<std::string, std::string>& environment) {
  static constexpr std::array<std::string_view, 3> kNames = {"PATH", "HOME", "DOCKER_CONFIG"};
  static constexpr std::array<std::string_view, 5> kPrefixes = {"AWS_", "AZURE_", "CLOUDSDK_", "GOOGLE_", "XDG_"};
  std::vector<std::string> out;
  for (const auto& variable : environment) {
    const std::string& name = variable.first;
    const bool wanted =
        std::ranges::find(kNames, name) != kNames.end() ||
        std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
    if (wanted) out.push_back(name + "=" + variable.second);
  }
  return out;
}

Helpers::Helpers(const Options& options)
    : environment_(options.environment), process_(options.process), clock_(options.clock) {}

Helpers::Answer Helpers::Get(const std::string& name, std::string_view host, const CallContext& context) {
  if (!IsHelperName(name)) {
    return absl::InvalidArgumentError("credential helper '" + ShownKey(name) +
                                      "': a helper's name has letters, digits, '_', '.' and '-' only");
  }
  const std::string plain = PlainKey(host);
  const std::string address = plain == "docker.io" ? kHubAddress : plain;
  const std::string key = CacheKey(name, address);
  if (std::optional<Answer> known = answers_.Get(key, clock_->Steady())) return *std::move(known);
  return flights_.Do(key, context, [&] { return GetAndRemember(name, address, context); });
}

Helpers::Answer Helpers::GetAndRemember(const std::string& name, const std::string& address,
                                        const CallContext& context) {
  const std::string key = CacheKey(name, address);
  if (std::optional<Answer> known = answers_.Get(key, clock_->Steady())) return *std::move(known);
  Answer answer = Run(name, address, context);
  if (!answer.ok()) {
    answer = absl::Status(answer.status().code(), fmt::format("credential helper docker-credential-{} for {}: {}", name,
                                                              address, text::MessageOf(answer.status())));
  }
  if (absl::IsCancelled(answer.status())) return answer;
  const SteadyTime now = clock_->Steady();
  answers_.Put(key, answer, now + std::chrono::minutes(answer.ok() ? 5 : 1), now);
  return answer;
}

Helpers::Answer Helpers::Run(const std::string& name, const std::string& address, const CallContext& context) const {
  const std::optional<std::string> program = ProgramOf("docker-credential-" + name);
  if (!program) return absl::NotFoundError("there is no such program in PATH");
  const absl::StatusOr<Ending> ending = process_->Run({.arguments = {*program, "get"},
                                                       .environment = HelperEnvironment(environment_),
                                                       .input = address,
                                                       .limit = absl::Seconds(30),
                                                       .output_limit = kMaxOutput},
                                                      context);
  if (!ending.ok()) return ending.status();
  if (ending->exit_code == 0) return ReadAnswer(ending->output);
  if (SaysNotFound(ending->output)) return std::nullopt;
  return absl::InternalError(fmt::format("exit code {}", ending->exit_code));
}

/// An empty part of PATH is the working directory, where no helper is looked for.
std::optional<std::string> Helpers::ProgramOf(const std::string& name) const {
  const auto path = environment_.find("PATH");
  if (path == environment_.end()) return std::nullopt;
  std::string_view rest = path->second;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
    if (!folder.starts_with('/')) continue;
    std::string program = std::string(folder) + "/" + name;
    if (access(program.c_str(), X_OK) == 0) return program;
  }
  return std::nullopt;
}

}  // namespace tagdrift::credentials
