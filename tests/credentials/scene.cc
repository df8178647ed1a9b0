#include "scene.h"

#include <filesystem>
#include <nlohmann/json.hpp>

namespace tagdrift::credentials {

absl::StatusOr<Ending> PlayedProcess::Run(const Command& command, std::stop_token) {
  Play play;
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(command);
    play = play_;
  }
  if (!play) return absl::NotFoundError("no program is played");
  return play(command);
}

void PlayedProcess::Will(Play play) {
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
  options.now = [clock = clock] { return *clock; };
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
  auto source = credentials::Open(options);
  if (!source.ok()) return std::string(source.status().message());
  source_ = *std::move(source);
  return "";
}

std::string Scene::Find(const std::string& host, const std::string& repository) const {
  return source_ == nullptr ? "not open" : Shown(source_->Find(host, repository));
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
