#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "node/temporary_folder.h"
#include "tagdrift/credentials/credentials.h"

namespace tagdrift::credentials {

/// A clock that is moved by hand.
class HandClock : public Clock {
 public:
  SteadyTime Steady() const override { return SteadyTime(now_.load()); }
  absl::Time Wall() const override { return absl::UnixEpoch(); }
  bool WaitUntil(SteadyTime, std::stop_token stop) const override { return !stop.stop_requested(); }
  void Pass(std::chrono::nanoseconds time) { now_ = now_.load() + time; }

 private:
  std::atomic<std::chrono::nanoseconds> now_ = std::chrono::nanoseconds(0);
};

/// Plays programs and records how they were called. As a real one, it runs nothing for a call that has ended.
class PlayedProcess : public Process {
 public:
  using Play = std::function<absl::StatusOr<Ending>(const Command&)>;
  using PlayInContext = std::function<absl::StatusOr<Ending>(const Command&, const CallContext&)>;

  absl::StatusOr<Ending> Run(const Command& command, const CallContext& context) override;

  void Will(const Play& play);
  void WillInContext(PlayInContext play);
  std::vector<Command> calls() const;

 private:
  mutable std::mutex mutex_;
  PlayInContext play_;
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
  std::map<std::string, hosts::EndpointAuth> endpoint_auths;
  std::shared_ptr<PlayedProcess> programs = std::make_shared<PlayedProcess>();
  std::shared_ptr<HandClock> clock = std::make_shared<HandClock>();
  std::shared_ptr<std::vector<std::string>> warnings = std::make_shared<std::vector<std::string>>();

  /// Makes sources of `options` and `endpoint_auths` and loads them; those made before go. The error's message, empty
  /// for none.
  std::string Open();
  /// The same, but loads nothing.
  std::string Make();
  /// The error's message, empty for none.
  std::string Load() const;
  /// What is found: "user:password", "identity:TOKEN", "registry:TOKEN" in the order to try, joined by ", "; "none"; or
  /// "error: TEXT".
  std::string Find(const std::string& host, const std::string& repository, const CallContext& context = {}) const;
  void Pass(std::chrono::nanoseconds time) const { clock->Pass(time); }
  Sources& sources() const { return *sources_; }

 private:
  node::TemporaryFolder folder_;
  std::unique_ptr<Sources> sources_;
};

std::string Shown(const registry::CredentialAnswer& answer);

/// A docker config.json with "KEY" → user "USER", password "pw" in this order.
std::string ConfigWith(const std::vector<std::pair<std::string, std::string>>& entries);

}  // namespace tagdrift::credentials
