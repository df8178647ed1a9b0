#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "serve/board.h"
#include "serve/file_watch.h"
#include "serve/following.h"
#include "serve/health.h"
#include "tagdrift/agent/agent.h"
#include "tagdrift/agent/kept_round.h"
#include "tagdrift/report/command_line.h"

namespace tagdrift::serve {

/// How often the daemon looks, and at what.
struct LoopOptions {
  absl::Duration interval = absl::Hours(1);
  absl::Duration spread = absl::Seconds(10);    ///< within which the first round begins: agents are started together
  int unused_every = 6;                         ///< rounds between asks about tags that nothing uses
  absl::Duration round_limit = absl::Hours(1);  ///< of a round that asks registries at the background's pace
  agent::CheckOptions check = {};               ///< selection, origins
  report::Invocation invocation = {};
  std::string host_root = "/";
  std::string version;
  std::string state_dir;  ///< empty: what was asked is asked again after a restart
  std::shared_ptr<const Clock> clock = SystemClock();
  /// Told of each round: how long it took, and whether there is a report.
  std::function<void(absl::Duration took, bool ok)> round_ended = [](absl::Duration, bool) {};
};

/// Keeps the board current. Registries are asked in scheduled rounds, which take their time on a thread of their own;
/// meanwhile and in between, whenever something changes on the node, a look at the node is judged by what is known, and
/// only what is new is asked about.
class Loop {
 public:
  using OnRound = std::function<void(const absl::Status& outcome)>;

  Loop(agent::Agent& agent, Board& board, Heartbeat& heartbeat, LoopOptions options);
  /// Ends what is under way.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until it is stopped, and then refuses.
  void Run(const std::stop_token& stop);
  /// Refuses the rounds that were asked for, and all that will be.
  void Refuse();

  /// Something may have changed on the node. Thread safe.
  void Changed();
  /// Asks for a round that asks anew about the names that match, all where there are no patterns, and has `done` called
  /// once its report is on the board, or with why there is none. Requests that come together share a round; one that is
  /// cancelled before its round has begun is dropped. Thread safe.
  void RequestRound(std::vector<agent::NamePattern> patterns, std::stop_token cancelled, OnRound done);
  /// Drops the requests that have been cancelled and are of no round yet; to be called now and then. Thread safe.
  void DropCancelled();

 private:
  struct Request {
    std::vector<agent::NamePattern> patterns;
    std::stop_token cancelled;
    OnRound done;
    bool is_asked = false;  ///< by a scheduled round that began after it
  };
  struct Work {
    bool schedule = false;  ///< a scheduled round has to be started
    bool look = false;      ///< the node has to be looked at, for these requests too
    std::vector<Request> requests;
  };
  struct Due {
    SteadyTime schedule = SteadyTime::max();
    SteadyTime look = SteadyTime::max();
  };

  /// Has changes told of as far as they are not yet; warns once of what cannot be followed.
  void Follow();
  std::optional<Work> WaitForWork(const std::stop_token& stop);
  void Look(const Work& work, const std::stop_token& stop);
  void StartScheduled();
  void RunScheduled(const agent::Reuse& reuse, const std::stop_token& stop);
  /// A round that failed is tried again after a pause.
  void ScheduledEnded(absl::StatusOr<report::Round> round);
  /// Errors: the agent's; Unavailable: there are no more threads, or no memory.
  absl::StatusOr<report::Round> Check(const agent::CheckOptions& options, const CallContext& context);
  Due NextDue() const;  ///< with mutex_
  /// With mutex_: whether a look has answers to go by.
  bool HasAnswers() const { return has_latest_ || scheduled_ != nullptr; }
  absl::Duration Backoff(absl::Duration longest);
  void Publish(report::Round round);
  /// What registries answered in `scheduled` is in the latest round now.
  void TakenOver(const std::shared_ptr<const agent::KeptRound>& scheduled);
  void Fail(const absl::Status& why);
  void Restore();
  void Save(const agent::KeptRound& round);
  SteadyTime In(absl::Duration time) const;

  agent::Agent& agent_;
  Board& board_;
  Heartbeat& heartbeat_;
  const LoopOptions options_;
  std::minstd_rand random_{std::random_device()()};

  mutable std::mutex mutex_;  // down to the empty line
  std::condition_variable_any woken_;
  std::uint64_t news_ = 0;                  ///< grows with whatever may make something due
  std::optional<SteadyTime> first_change_;  ///< since the last look
  SteadyTime last_change_;
  std::vector<Request> requests_;
  bool stopped_ = false;
  std::shared_ptr<const agent::KeptRound> scheduled_;  ///< the latest, until a look has taken its answers over
  bool has_latest_ = false;
  bool scheduled_runs_ = false;
  bool scheduled_ended_ = false;  ///< since the last look
  SteadyTime next_scheduled_;

  // Of the loop's thread.
  std::shared_ptr<const agent::KeptRound> latest_;
  SteadyTime next_look_;                  ///< not before
  SteadyTime next_look_anyway_;           ///< although nothing has told of a change
  std::optional<SteadyTime> look_again_;  ///< once more after what changed, or after a failure
  std::set<std::string> not_followed_;    ///< what was warned of
  bool said_load_ = false;
  bool saves_ = true;  ///< the latest save went well

  std::atomic<int> failures_ = 0;  ///< in a row
  std::unique_ptr<FileWatch> files_;
  std::optional<Following> following_;
  std::jthread scheduled_thread_;
};

}  // namespace tagdrift::serve
