#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "node/temporary_folder.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// Plays programs and records how they were called.
class PlayedProcess : public Process {
 public:
  using Play = std::function<absl::StatusOr<Ending>(const Command&)>;

  absl::StatusOr<Ending> Run(const Command& command, std::stop_token stop) override;

  void Will(Play play);
  std::vector<Command> calls() const;

 private:
  mutable std::mutex mutex_;
  Play play_;
  std::vector<Command> calls_;
};

/// Sources over a folder of files, with programs that are played and a clock that stands still.
class Scene {
 public:
  Scene();

  std::string Path(const std::string& file) const { return folder_.path() + "/" + file; }
  /// Writes a file below the folder and returns its path. Another file than the one before it.
  std::string Write(const std::string& file, const std::string& text) const;
  /// Writes a program, that would do nothing, and returns its path.
  std::string WriteProgram(const std::string& file) const;

  Options options;
  std::shared_ptr<PlayedProcess> programs = std::make_shared<PlayedProcess>();
  std::shared_ptr<Time> clock = std::make_shared<Time>();
  std::shared_ptr<std::vector<std::string>> warnings = std::make_shared<std::vector<std::string>>();

  /// Opens `options`; what was opened before goes. The error's message, empty for none.
  std::string Open();
  /// What is found: "user:password", "identity:TOKEN", "registry:TOKEN" in the order to try, joined by ", "; "none"; or
  /// "error: TEXT".
  std::string Find(const std::string& host, const std::string& repository) const;
  void Pass(std::chrono::seconds time) const { *clock += time; }

 private:
  node::TemporaryFolder folder_;
  std::unique_ptr<registry::CredentialSource> source_;
};

std::string Shown(const registry::CredentialAnswer& answer);

/// A docker config.json with "KEY" → user "USER", password "pw" in this order.
std::string ConfigWith(const std::vector<std::pair<std::string, std::string>>& entries);

}  // namespace tagdrift::credentials
