#include "scene.h"

#include <filesystem>
#include <nlohmann/json.hpp>

namespace tagdrift::credentials {

absl::StatusOr<Ending> PlayedProcess::Run(const Command& command, const CallContext& context) {
  if (context.stop.stop_requested()) return absl::CancelledError("was stopped");
  PlayInContext play;
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(command);
    play = play_;
  }
  if (!play) return absl::NotFoundError("no program is played");
  return play(command, context);
}

void PlayedProcess::Will(const Play& play) {
  WillInContext([play](const Command& command, const CallContext&) { return play(command); });
}

void PlayedProcess::WillInContext(PlayInContext play) {
  const std::lock_guard lock(mutex_);
  play_ = std::move(play);
}

std::vector<Command> PlayedProcess::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

Scene::Scene() {
  options.process = programs;
  options.environment = {{"PATH", Path("bin")}};
  options.clock = clock;
  options.warn = [warnings = warnings](const std::string& text) { warnings->push_back(text); };
}

std::string Scene::Write(const std::string& file, const std::string& text) const {
  folder_.Write(file + ".new", text);
  std::filesystem::rename(Path(file + ".new"), Path(file));
  return Path(file);
}

std::string Scene::WriteProgram(const std::string& file) const {
  const std::string path = Write(file, "#!/bin/sh\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

std::string Scene::Open() {
  const std::string error = Make();
  return error.empty() ? Load() : error;
}

std::string Scene::Make() {
  auto sources = Sources::Make(options);
  if (!sources.ok()) return std::string(sources.status().message());
  sources_ = *std::move(sources);
  sources_->UseEndpointAuths(endpoint_auths);
  return "";
}

std::string Scene::Load() const { return std::string(sources_->Load({}).message()); }

std::string Scene::Find(const std::string& host, const std::string& repository, const CallContext& context) const {
  return sources_ == nullptr ? "not open" : Shown(sources_->Find(host, repository, context));
}

std::string Shown(const registry::CredentialAnswer& answer) {
  if (!answer.error.empty()) return "error: " + answer.error;
  std::string text;
  for (const registry::Credential& credential : answer.candidates) {
    if (!text.empty()) text += ", ";
    if (!credential.registry_token.empty()) {
      text += "registry:" + credential.registry_token;
    } else if (!credential.identity_token.empty()) {
      text += "identity:" + credential.identity_token;
    } else {
      text += credential.username + ":" + credential.password;
    }
  }
  return text.empty() ? "none" : text;
}

std::string ConfigWith(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text;
  for (const auto& [key, user] : entries) {
    const nlohmann::json entry = {{"username", user}, {"password", "pw"}};
    text += (text.empty() ? "" : ",") + nlohmann::json(key).dump() + ":" + entry.dump();
  }
  return R"({"auths":{)" + text + "}}";
}

}  // namespace tagdrift::credentials
